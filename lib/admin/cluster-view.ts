// Pure: what this node sees of the cluster, in the words of the REST API.

import { type GroupRecord, liveIncarnation } from '../model/cluster.js';
import { ownerOf, silenceOf, type View } from '../cluster/view.js';

export const nodeStates = ['alive', 'silent', 'fenced', 'drained', 'witness', 'unknown'] as const;
export type NodeState = (typeof nodeStates)[number];

/** The worst first; undefined when there is no such node. */
export const stateOf = (view: View, node: string): NodeState | undefined => {
  const record = view.observed.nodes.get(node)?.record;
  if (record === undefined) return undefined;
  if (record.fenced !== undefined) return 'fenced';
  if (node !== view.me && (silenceOf(view, node) ?? 0) > view.timing.heardWithinMs) return 'silent';
  if (record.readiness.witness === true) return 'witness';
  return view.observed.cluster?.record.paused?.includes(node) === true ? 'drained' : 'alive';
};

/** The owner that lives, as far as is known. */
export const liveOwner = (view: View, group: string): { readonly node: string; readonly rest: string } | undefined => {
  const record = ownerOf(view, group)?.record;
  if (record === undefined || record.released === true) return undefined;
  if (record.node === view.me && view.renewal.state !== 'live') return undefined;
  const node = view.observed.nodes.get(record.node)?.record;
  if (node === undefined || liveIncarnation(node) !== record.incarnation) return undefined;
  return { node: record.node, rest: node.addresses.rest };
};

/** Nodes that can be asked. While the store is silent nothing is heard of any, but they may answer. */
export const heardNodes = (view: View, isStoreSilent: boolean): readonly string[] =>
  [...view.observed.nodes.keys()].filter((node) => {
    const state = stateOf(view, node) ?? 'fenced';
    return state !== 'fenced' && (state !== 'silent' || isStoreSilent);
  });

export const groupNames = (view: View): readonly string[] => [...view.observed.groups.keys()].toSorted();

/** What is on the way: void once the group has a higher epoch. */
export const openMove = (
  view: View,
  { name, move }: GroupRecord,
): { readonly to: string; readonly now: boolean } | undefined => {
  if (move === undefined || move.epoch < (ownerOf(view, name)?.record.epoch ?? 0)) return undefined;
  return { to: move.to, now: move.now === true };
};
