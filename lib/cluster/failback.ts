// Pure: going back to a better owner, by the group's policy, never after a move that was asked for, and damped (R34).

import { groupDefaults, type Failback } from '../model/cluster.js';
import type { OwnerRecord } from '../model/ownership.js';
import { hindrance } from './candidates.js';
import { groupRecord, type View } from './view.js';

const isTime = (policy: Failback, hour: number): boolean => {
  switch (policy.policy) {
    case 'prevent':
      return false;
    case 'immediate':
      return true;
    case 'hours':
      return policy.from <= policy.to
        ? hour >= policy.from && hour < policy.to
        : hour >= policy.from || hour < policy.to;
    default:
      return policy satisfies never;
  }
};

/** A preferred owner that lives long enough, better than this node; undefined when the group should stay. */
export const failback = (view: View, group: string, owner: OwnerRecord): string | undefined => {
  const record = groupRecord(view, group);
  const isKept = owner.how === 'moved' || owner.how === 'failed-over';
  if (isKept || !isTime(record?.failback ?? groupDefaults.failback, view.hour)) return undefined;
  const preferred = record?.preferredOwners ?? [];
  const rank = preferred.indexOf(view.me);
  const better = rank < 0 ? preferred : preferred.slice(0, rank);
  return better.find((node) => {
    const since = view.observed.nodes.get(node)?.since ?? view.time;
    return view.time - since >= view.timing.failbackAfterMs && hindrance(view, group, node) === undefined;
  });
};
