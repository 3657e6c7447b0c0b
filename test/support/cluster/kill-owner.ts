// The death of an owner, and what comes after it.

import { type Cluster, groupName } from './cluster.js';
import type { ClusterProcess } from './cluster-process.js';

/** Resolves when another owns the group. */
export const killOwner = async (
  cluster: Cluster,
): Promise<{ readonly killed: ClusterProcess; readonly at: number }> => {
  const before = (await cluster.owner())!;
  const killed = cluster.node(before.node);
  const at = Date.now();
  killed.signal('both', 'SIGKILL');
  await cluster.eye.until(
    () => cluster.eye.changes(groupName).find(({ owner }) => owner.epoch > before.epoch),
    'another owner',
  );
  await cluster.owning();
  return { killed, at };
};

/** A node that was killed comes back. */
export const startAgain = async (node: ClusterProcess): Promise<void> => {
  await node.gone();
  await node.start();
  await node.ready();
};
