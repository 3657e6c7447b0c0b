// Pure: everything a decision may look at, at one moment, and the questions that several decisions ask of it.

import type { GroupRecord, ResourceState } from '../model/cluster.js';
import { groupDefaults, liveIncarnation } from '../model/cluster.js';
import type { OwnerRecord } from '../model/ownership.js';
import type { Observed, Seen } from './observed.js';
import type { Renewal } from './renewal.js';
import { sendTimeOf } from './renewal.js';
import type { Timing } from './timing.js';

export interface LocalResource {
  readonly state: ResourceState;
  /** Monotonic times of its failures, the newest last. */
  readonly failedAt: readonly number[];
}

/** A write of an owner record that this node has begun. It counts until a newer owner record is seen. */
export interface OwnerWrite {
  readonly kind: 'claim' | 'hand-over' | 'release' | 'settle';
  /** Revision of the owner record that it compares. */
  readonly revision: number;
  readonly outcome: 'sent' | 'done' | 'unknown';
}

/** What runs here for one group. */
export interface LocalGroup {
  /** The tenure under which its resources were brought online. */
  readonly epoch: number;
  readonly revision: number;
  readonly resources: ReadonlyMap<string, LocalResource>;
  /** Since when no further job is started. */
  readonly heldSince?: number;
  /** Since when no further connection is served. */
  readonly closedSince?: number;
  /** What is being sent to devices, in words for operators: `job 17 on laser`. */
  readonly sending: readonly string[];
  /** Documents that clients are sending. */
  readonly uploads: number;
  readonly write?: OwnerWrite;
}

export interface View {
  /** Own monotonic time, ms. */
  readonly time: number;
  /** Wall clock, and the hour of the day here, 0 to 23: for damping and for fail-back hours only. */
  readonly wall: number;
  readonly hour: number;
  readonly me: string;
  readonly timing: Timing;
  readonly renewal: Renewal;
  readonly observed: Observed;
  /** Group → all nodes, in the order of consistent hashing. */
  readonly placement: ReadonlyMap<string, readonly string[]>;
  readonly local: ReadonlyMap<string, LocalGroup>;
  /** The node was told to stop. */
  readonly stopping: boolean;
}

/** `0.8s`. */
export const seconds = (ms: number): string => `${(Math.max(0, ms) / 1000).toFixed(1)}s`;

export const ownerOf = (view: View, group: string): Seen<OwnerRecord> | undefined => view.observed.owners.get(group);

/** How long nothing was heard of a node; undefined when there is no such node. */
export const silenceOf = (view: View, node: string): number | undefined => {
  const seen = view.observed.nodes.get(node);
  return seen === undefined ? undefined : view.time - seen.heardAt;
};

/** Our own renewals come back through the watch: what it says of the others is fresh. */
export const isWatchFresh = (view: View): boolean => {
  const sentAt = sendTimeOf(view.renewal, view.observed.nodes.get(view.me)?.record);
  return sentAt !== undefined && view.time - sentAt <= view.timing.heardWithinMs;
};

/** Why this node may own nothing; undefined while it lives. */
export const deathOf = (view: View): string | undefined => {
  const { renewal, observed, me, time } = view;
  if (renewal.state === 'lost') return renewal.because;
  if (renewal.state === 'live' && time >= renewal.deadline) return 'my deadline has passed';
  const own = observed.nodes.get(me);
  if (renewal.state === 'starting' || own === undefined || own.revision <= renewal.revision) return undefined;
  if (own.record.fenced !== undefined) return `I was fenced by ${own.record.fenced.by}`;
  return own.record.incarnation === renewal.incarnation ? undefined : 'another incarnation has my name';
};

/** Others can see that this node takes nothing any more; whoever says so later sees it before anything is handed to him. */
export const isKnownToStop = ({ observed, me, renewal }: View): boolean => {
  const own = observed.nodes.get(me)?.record;
  return own?.incarnation === renewal.incarnation && own.readiness.none !== undefined;
};

/** The write that keeps a group from being touched: begun, and no newer owner record seen since. */
export const openWrite = (view: View, group: string): OwnerWrite | undefined => {
  const write = view.local.get(group)?.write;
  return write !== undefined && (ownerOf(view, group)?.revision ?? 0) <= write.revision ? write : undefined;
};

/** The owner record when it names this node in this life, and nothing was begun that may have given it away. */
export const ownOwner = (view: View, group: string): Seen<OwnerRecord> | undefined => {
  const owner = ownerOf(view, group);
  const { me, renewal } = view;
  if (owner === undefined || owner.record.released || renewal.state !== 'live') return undefined;
  const isMine = owner.record.node === me && owner.record.incarnation === renewal.incarnation;
  return isMine && openWrite(view, group) === undefined ? owner : undefined;
};

export interface Freedom {
  readonly because: string;
  /** Own monotonic time at which it was seen to be free. */
  readonly since: number;
  /** Revision of the owner record; 0 where there is none. */
  readonly revision: number;
}

/** Says that a group is free: never owned, released, or its owner's incarnation is dead in the store. */
export const freedomOf = (view: View, group: string): Freedom | undefined => {
  const owner = ownerOf(view, group);
  if (owner === undefined)
    return { because: `${group} was never owned`, since: view.observed.groups.get(group)?.seenAt ?? 0, revision: 0 };
  const { record, revision, seenAt } = owner;
  if (record.released) return { because: `${record.node} has released ${group}`, since: seenAt, revision };
  // What is known of nodes must not be older than the owner record: the incarnation that it names may be newer than what we know.
  if (view.observed.nodesRevision < revision) return undefined;
  const node = view.observed.nodes.get(record.node);
  if (liveIncarnation(node?.record) === record.incarnation) return undefined;
  const since = Math.max(seenAt, node?.since ?? 0);
  if (node === undefined) return { because: `${record.node} is no node any more`, since, revision };
  const isFenced = node.record.fenced !== undefined && node.record.incarnation === record.incarnation;
  const whose = record.node === view.me ? 'my' : `${record.node}'s`;
  return { because: isFenced ? `${whose} incarnation is fenced` : `${whose} incarnation is over`, since, revision };
};

export const groupRecord = (view: View, group: string): GroupRecord | undefined =>
  view.observed.groups.get(group)?.record;

/** The group's limit, or the default. */
export const limitsOf = (
  record: GroupRecord | undefined,
): { jobCompletionTimeoutMs: number; uploadGraceMs: number } => ({
  jobCompletionTimeoutMs: record?.jobCompletionTimeoutMs ?? groupDefaults.jobCompletionTimeoutMs,
  uploadGraceMs: record?.uploadGraceMs ?? groupDefaults.uploadGraceMs,
});

/** Names of the local resources in one of these states. */
export const localResources = (view: View, group: string, states: readonly ResourceState[]): string[] =>
  [...(view.local.get(group)?.resources ?? [])].filter(([, { state }]) => states.includes(state)).map(([name]) => name);
