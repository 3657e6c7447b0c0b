// Four documents of 2 GiB come in at once, each onto two nodes, beside three members of etcd on the same disk: nobody comes near a deadline.

import path from 'node:path';
import t from 'tap';
import { writeBigFile } from '../support/big-file.js';
import { groupName, startCluster } from '../support/cluster/cluster.js';
import { skipWithoutEtcd } from '../support/etcd.js';
import { run, skipWithout } from '../support/peers.js';
import { temporaryDirectory } from '../support/temporary.js';

const length = 2 ** 31;
const fenceAfterMs = 1_800;

t.test('four uploads of 2 GiB, members on one disk', { ...skipWithout('lp'), ...skipWithoutEtcd }, async (t) => {
  const cluster = await startCluster(t, { devicePorts: [], fsync: true });
  await cluster.addPrinter('laser', 'socket://192.0.2.1');
  await cluster.operate('printer', 'pause', 'laser', '--group', groupName);
  const before = await cluster.owner();
  const directory = await temporaryDirectory(t);
  const file = path.join(directory, 'document');
  await writeBigFile(file, length);

  const started = performance.now();
  const sent = await Promise.all(
    Array.from({ length: 4 }, () => run('lp', ['-h', cluster.server(), '-d', 'laser', file], { timeoutMs: 1_200_000 })),
  );
  for (const { status, stderr } of sent) t.equal(status, 0, stderr);
  const seconds = (performance.now() - started) / 1000;
  t.comment(`four times 2 GiB accepted after ${seconds.toFixed(1)} s`);

  t.same(await cluster.owner(), before, 'the owner is the same');
  for (const node of cluster.nodes) {
    const { leastMarginMs } = await node.ask<{ leastMarginMs: number }>('GET', '/api/1/nodes/self');
    t.ok(leastMarginMs >= fenceAfterMs / 2, `${node.name}: ${Math.round(leastMarginMs)} ms were left at the tightest`);
  }
});
