// Pure: what is new in the store since the last look that operators should hear of: fences, and groups that came to this node.

import type { NodeRecord } from '../model/cluster.js';
import type { OwnerRecord } from '../model/ownership.js';
import type { TakeoverRecord } from '../model/takeover.js';
import type { View } from './view.js';

/** What the last look left behind. */
export interface Remembered {
  readonly owners: ReadonlyMap<string, OwnerRecord>;
  readonly nodes: ReadonlyMap<string, RememberedNode>;
}

interface RememberedNode {
  readonly record: NodeRecord;
  /** Own monotonic time at which it was last heard of alive. */
  readonly heardAt: number;
}

export const nothingRemembered: Remembered = { owners: new Map(), nodes: new Map() };

export interface Changes {
  readonly remembered: Remembered;
  /** Groups that this life has come to own. */
  readonly taken: readonly TakeoverRecord[];
  /** Nodes that this node has fenced. */
  readonly fenced: readonly { readonly node: string; readonly because: string }[];
}

const rememberedNodes = (before: Remembered, { observed }: View): ReadonlyMap<string, RememberedNode> =>
  new Map(
    [...observed.nodes].map(([name, { record, heardAt }]) => {
      const last = before.nodes.get(name);
      const isFence = record.fenced !== undefined && last !== undefined;
      return [name, { record, heardAt: isFence ? last.heardAt : heardAt }] as const;
    }),
  );

/** The fence of the owner before: from when it was silent, when and by whom it was fenced. */
const fenceStages = (
  view: View,
  nodes: Remembered['nodes'],
  from: OwnerRecord,
  wallOf: (monotonic: number) => number,
): Pick<TakeoverRecord['stages'], 'silentSince' | 'fenced'> => {
  const seen = view.observed.nodes.get(from.node);
  const fence = seen?.record.fenced;
  if (seen === undefined || fence === undefined || seen.record.incarnation !== from.incarnation) return {};
  const heardAt = nodes.get(from.node)?.heardAt ?? seen.since;
  return {
    ...(heardAt < seen.since && fence.by !== from.node ? { silentSince: wallOf(heardAt) } : {}),
    fenced: { at: wallOf(seen.since), by: fence.by },
  };
};

const takenGroups = (before: Remembered, nodes: Remembered['nodes'], view: View): readonly TakeoverRecord[] => {
  const wallOf = (monotonic: number): number => Math.round(view.wall - (view.time - monotonic));
  return [...view.observed.owners].flatMap(([group, { record, seenAt }]): readonly TakeoverRecord[] => {
    const last = before.owners.get(group);
    const isMine = record.node === view.me && record.incarnation === view.renewal.incarnation;
    if (!isMine || record.released === true || last?.epoch === record.epoch) return [];
    const { epoch, how = 'claimed', because = '' } = record;
    const fence = last === undefined || how !== 'claimed' ? {} : fenceStages(view, nodes, last, wallOf);
    const stages = { ...fence, claimed: wallOf(seenAt) };
    const from = last === undefined ? {} : { from: last.node };
    return [{ version: 1, group, epoch, node: view.me, ...from, how, because, stages }];
  });
};

export const changesSince = (before: Remembered, view: View): Changes => {
  const { observed, me } = view;
  const nodes = rememberedNodes(before, view);
  const fenced = [...observed.nodes].flatMap(([node, { record }]) => {
    const last = before.nodes.get(node)?.record;
    const isNew = record.fenced?.by === me && node !== me && last !== undefined && last.fenced === undefined;
    return isNew ? [{ node, because: record.fenced.because }] : [];
  });
  const owners = new Map([...observed.owners].map(([group, { record }]) => [group, record]));
  return { remembered: { owners, nodes }, taken: takenGroups(before, nodes, view), fenced };
};
