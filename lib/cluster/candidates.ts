// Pure: who may take a group, the best first (DESIGN section 5, R17).

import { liveIncarnation } from '../model/cluster.js';
import { unreadable } from './readable.js';
import { groupRecord, isWatchFresh, seconds, silenceOf, type View } from './view.js';

/** Why a node cannot take the group now, in words; undefined when it can. */
export const hindrance = (view: View, group: string, node: string): string | undefined => {
  const { observed, timing, me } = view;
  const record = observed.nodes.get(node)?.record;
  if (record === undefined) return `${node} is no node of this cluster`;
  if (record.readiness.witness) return `${node} is a witness`;
  if (groupRecord(view, group)?.possibleOwners?.includes(node) === false) return `${node} is no possible owner`;
  if (observed.cluster?.record.paused?.includes(node)) return `${node} is drained`;
  if (liveIncarnation(record) === undefined) return `${node} is fenced`;
  const readiness = record.readiness.none ?? record.readiness.except?.[group];
  if (readiness !== undefined) return `${node} is not ready: ${readiness}`;
  // Ours may not be on record yet.
  const fault = node === me ? unreadable(observed, group) : undefined;
  if (fault !== undefined) return `${node} is not ready: ${fault}`;
  if (node === me && view.stopping) return `${node} is stopping`;
  const silence = silenceOf(view, node) ?? 0;
  const isHeard = node === me ? isWatchFresh(view) : silence <= timing.heardWithinMs;
  return isHeard ? undefined : `${node} was not heard of for ${seconds(silence)}`;
};

/** Nodes that can take the group: preferred owners first, then in the order of consistent hashing. */
export const candidatesFor = (view: View, group: string): readonly string[] => {
  const preferred = groupRecord(view, group)?.preferredOwners ?? [];
  const order = [...preferred, ...(view.placement.get(group) ?? [])];
  return [...new Set(order)].filter((node) => hindrance(view, group, node) === undefined);
};
