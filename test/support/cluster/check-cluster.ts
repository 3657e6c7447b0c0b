// What must hold of every run of a cluster beyond the rules for one node (INV7, and that nobody changes owners without need). Pure.

import type { OwnerChange, Fencing } from './store-eye.js';

export interface ClusterHistory {
  readonly owners: readonly OwnerChange[];
  readonly fencings: readonly Fencing[];
  /** So many changes of owner were due, at least and at most. */
  readonly dueChanges: readonly [number, number];
  /** Octets that an owner had written to a printer when it stood still until after its deadline, and those that came from it in all. */
  readonly written?: number;
  readonly arrived?: number;
  /** What nodes and members left behind. */
  readonly leftProcesses: readonly string[];
}

export interface ClusterBreach {
  readonly rule: 'deadline' | 'epoch' | 'owner' | 'leftover' | 'client' | 'shown' | 'late';
  readonly text: string;
}

const told = ({ owner }: OwnerChange): string =>
  `${owner.node} at epoch ${owner.epoch}${owner.released === true ? ' (released)' : ''}`;

const ofEachGroup = (owners: readonly OwnerChange[]): readonly (readonly OwnerChange[])[] =>
  [...new Set(owners.map(({ group }) => group))].map((group) => owners.filter((one) => one.group === group));

/** An epoch names one owner, and the next is greater by one. */
const epochFaults = (changes: readonly OwnerChange[]): string[] =>
  changes.slice(1).flatMap((change, index) => {
    const { owner: before } = changes[index]!;
    const { owner } = change;
    if (owner.epoch === before.epoch + 1) return [];
    const isSame = owner.epoch === before.epoch && owner.incarnation === before.incarnation;
    return isSame ? [] : [`${change.group}: ${told(changes[index]!)} was followed by ${told(change)}`];
  });

export const checkCluster = (history: ClusterHistory): readonly ClusterBreach[] => {
  const groups = ofEachGroup(history.owners);
  const changes = groups.reduce((sum, own) => sum + new Set(own.map(({ owner }) => owner.epoch)).size - 1, 0);
  const [least, most] = history.dueChanges;
  const { written = 0, arrived = 0 } = history;
  return [
    ...(arrived > written
      ? [{ rule: 'deadline' as const, text: `${arrived - written} octets were written after the deadline` }]
      : []),
    ...groups.flatMap(epochFaults).map((text) => ({ rule: 'epoch' as const, text })),
    ...(changes >= least && changes <= most
      ? []
      : [
          {
            rule: 'owner' as const,
            text: `${changes} changes of owner where ${least} to ${most} were due: ${groups.flat().map(told).join(', ')}`,
          },
        ]),
    ...history.leftProcesses.map((text) => ({ rule: 'leftover' as const, text })),
  ];
};
