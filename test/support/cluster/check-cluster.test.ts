// The checker of cluster runs against small histories: one in which all went well, and one for each way in which it may not.

import t from 'tap';
import type { OwnerRecord } from '../../../lib/model/ownership.js';
import { checkCluster, type ClusterHistory } from './check-cluster.js';

const owned = (node: string, epoch: number, more: Partial<OwnerRecord> = {}) => ({
  group: 'sales',
  at: 1_000 * epoch,
  owner: { version: 1, node, incarnation: `${node}1`, epoch, ...more } as const,
});

const history = (changes: Partial<ClusterHistory> = {}): ClusterHistory => ({
  owners: [owned('a', 1), owned('b', 2)],
  fencings: [],
  dueChanges: [1, 1],
  leftProcesses: [],
  ...changes,
});

const rulesOf = (changes: Partial<ClusterHistory>): readonly string[] =>
  checkCluster(history(changes)).map(({ rule }) => rule);

t.strictSame(rulesOf({}), [], 'one change where one was due');
t.strictSame(rulesOf({ owners: [owned('a', 1), owned('a', 1), owned('b', 2)] }), [], 'a record written anew');
t.strictSame(rulesOf({ owners: [owned('a', 1), owned('a', 1, { released: true }), owned('b', 2)] }), [], 'a release');
t.strictSame(rulesOf({ written: 10, arrived: 10 }), [], 'what was written before the deadline comes');

t.strictSame(rulesOf({ owners: [owned('a', 1), owned('b', 1), owned('b', 2)] }), ['epoch'], 'two owners of one epoch');
t.strictSame(rulesOf({ owners: [owned('a', 2), owned('b', 1)] }), ['epoch'], 'an epoch that goes back');
t.strictSame(rulesOf({ owners: [owned('a', 1), owned('b', 3)] }), ['epoch'], 'an epoch that is left out');
t.strictSame(rulesOf({ dueChanges: [0, 0] }), ['owner'], 'a change that was not due');
t.strictSame(rulesOf({ owners: [owned('a', 1)] }), ['owner'], 'no change where one was due');
t.strictSame(rulesOf({ leftProcesses: ['node worker'] }), ['leftover'], 'a process that is left');
t.strictSame(rulesOf({ written: 10, arrived: 11 }), ['deadline'], 'an octet after the deadline');
