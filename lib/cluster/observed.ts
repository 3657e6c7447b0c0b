// Pure: what this node has seen of the store, with the moment at which each thing arrived. A node's silence is timed from the arrival of
// exactly the revision that a fence will compare (DESIGN section 5).

import type { ClusterRecord, GroupRecord, NodeRecord } from '../model/cluster.js';
import type { OwnerRecord } from '../model/ownership.js';
import type { FormatsRecord } from '../model/versions.js';

export interface Seen<T> {
  readonly record: T;
  readonly revision: number;
  /** Own monotonic time of its arrival. */
  readonly seenAt: number;
}

export interface SeenNode extends Seen<NodeRecord> {
  /** Since when it counts as silent: `seenAt`, or later where the silence had to start anew. */
  readonly heardAt: number;
  /** Arrival of the first record of this incarnation, or of its fence. */
  readonly since: number;
}

export interface Observed {
  readonly nodes: ReadonlyMap<string, SeenNode>;
  readonly owners: ReadonlyMap<string, Seen<OwnerRecord>>;
  readonly groups: ReadonlyMap<string, Seen<GroupRecord>>;
  readonly formats: ReadonlyMap<string, Seen<FormatsRecord>>;
  readonly cluster: Seen<ClusterRecord> | undefined;
  /** Everything that happened below nodes/ up to this revision has been seen. */
  readonly nodesRevision: number;
}

export type Part = 'nodes' | 'owners' | 'groups' | 'formats' | 'cluster';

/** One change below a part; a record of undefined was deleted. */
export interface Change {
  readonly name: string;
  readonly record: unknown;
  readonly revision: number;
}

export const nothingObserved: Observed = {
  nodes: new Map(),
  owners: new Map(),
  groups: new Map(),
  formats: new Map(),
  cluster: undefined,
  nodesRevision: 0,
};

const isSameLife = (one: NodeRecord, other: NodeRecord): boolean =>
  one.incarnation === other.incarnation && (one.fenced === undefined) === (other.fenced === undefined);

const seenNode = (before: SeenNode | undefined, record: NodeRecord, revision: number, time: number): SeenNode => ({
  record,
  revision,
  seenAt: time,
  heardAt: time,
  since: before !== undefined && isSameLife(before.record, record) ? before.since : time,
});

const changed = <T extends { readonly revision: number }>(
  map: ReadonlyMap<string, T>,
  { name, record, revision }: Change,
  make: (before: T | undefined) => T,
): ReadonlyMap<string, T> => {
  const before = map.get(name);
  if (before !== undefined && before.revision >= revision) return map;
  const next = new Map(map);
  if (record === undefined) next.delete(name);
  else next.set(name, make(before));
  return next;
};

/** A change arrived at `time`. One that is older than what is known changes nothing. */
export const arrived = (observed: Observed, part: Part, change: Change, time: number): Observed => {
  const { record, revision } = change;
  switch (part) {
    case 'nodes': {
      const make = (before: SeenNode | undefined): SeenNode => seenNode(before, record as NodeRecord, revision, time);
      const nodesRevision = Math.max(observed.nodesRevision, revision);
      return { ...observed, nodes: changed(observed.nodes, change, make), nodesRevision };
    }
    case 'owners': {
      const make = (): Seen<OwnerRecord> => ({ record: record as OwnerRecord, revision, seenAt: time });
      return { ...observed, owners: changed(observed.owners, change, make) };
    }
    case 'groups': {
      const make = (): Seen<GroupRecord> => ({ record: record as GroupRecord, revision, seenAt: time });
      return { ...observed, groups: changed(observed.groups, change, make) };
    }
    case 'formats': {
      const make = (): Seen<FormatsRecord> => ({ record: record as FormatsRecord, revision, seenAt: time });
      return { ...observed, formats: changed(observed.formats, change, make) };
    }
    case 'cluster': {
      const cluster = record === undefined ? undefined : { record: record as ClusterRecord, revision, seenAt: time };
      return (observed.cluster?.revision ?? 0) >= revision ? observed : { ...observed, cluster };
    }
    default:
      return part satisfies never;
  }
};

const namesOf = (observed: Observed, part: Part): readonly string[] =>
  part === 'cluster' ? [''] : [...observed[part].keys()];

/** A part was listed whole at `revision`: what is not in the list was deleted meanwhile. */
export const listed = (
  observed: Observed,
  list: { part: Part; entries: readonly Change[]; revision: number; time: number },
): Observed => {
  const { part, entries, revision, time } = list;
  const present = new Set(entries.map(({ name }) => name));
  const gone = namesOf(observed, part)
    .filter((name) => !present.has(name))
    .map((name): Change => ({ name, record: undefined, revision }));
  const next = [...gone, ...entries].reduce((sum, change) => arrived(sum, part, change, time), observed);
  return part === 'nodes' ? { ...next, nodesRevision: Math.max(next.nodesRevision, revision) } : next;
};

/** The silence of all nodes starts anew: events may have been missed, or were not listened to. */
export const silenceAnew = (observed: Observed, time: number): Observed => ({
  ...observed,
  nodes: new Map([...observed.nodes].map(([name, node]) => [name, { ...node, heardAt: time }])),
});
