// Two builds in one cluster: what the newer one adds to a record survives the older one, and what the older one cannot read it leaves alone.

import t, { type Test } from 'tap';
import { callIpp } from '../support/campaign/ipp-client.js';
import { type Cluster, groupName } from '../support/cluster/cluster.js';
import { killOwner, startAgain } from '../support/cluster/kill-owner.js';
import { settled, startWithPrinters } from '../support/cluster/takeover-run.js';
import { skipWithoutEtcd } from '../support/etcd.js';
import { newJobRecords, nextVersion, otherBuild } from '../support/other-build.js';
import { keys } from '../../lib/store/keys.js';

const printer = 'quick';
const inGroup = ['--group', groupName] as const;

const print = async (t: Test, cluster: Cluster, jobName: string): Promise<number> => {
  const target = { ...cluster.at('ipp'), printer, agent: false } as const;
  const reply = await callIpp(target, { operation: 'print-job', jobName, document: Buffer.alloc(200_000, jobName) });
  t.equal(reply.answer, 'acknowledged', reply.detail);
  return reply.id!;
};

const read = async (cluster: Cluster, key: string): Promise<unknown> => (await cluster.store.get(key))?.value;

t.test('a newer node and older ones own a group in turn', skipWithoutEtcd, async (t) => {
  const cluster = await startWithPrinters(t, {
    builds: { b: await otherBuild(t, nextVersion) },
    groups: { [groupName]: ['--preferred', 'b'] },
  });
  const isNew = { novelty: 'of 0.2' };
  if ((await cluster.owner())?.node !== 'b') await cluster.operate('group', 'move', groupName, '--to', 'b');
  await cluster.eye.until(() => cluster.eye.changes(groupName).find(({ owner }) => owner.node === 'b'), 'b');
  await cluster.owning();
  // As the newer node writes what an operator creates at it.
  const group = await cluster.store.get(keys.group(groupName));
  await cluster.store.txn(
    [{ key: group!.key, revision: group!.revision }],
    [{ put: group!.key, value: { ...(group!.value as object), ...isNew } }],
  );
  await cluster.addPrinter('added', 'socket://192.0.2.7');
  await cluster.operate('printer', 'pause', printer, ...inGroup);
  const id = await print(t, cluster, 'by the newer node');
  t.match(await read(cluster, keys.job(groupName, id)), isNew);

  const { killed } = await killOwner(cluster);
  t.equal(killed.name, 'b');
  await cluster.operate('job', 'hold', String(id), ...inGroup);
  t.match(await read(cluster, keys.job(groupName, id)), { ...isNew, state: 'pending-held' });
  await cluster.operate('job', 'release', String(id), ...inGroup);
  await cluster.operate('printer', 'set', 'added', '--info', 'changed by the older node', ...inGroup);
  await cluster.operate('group', 'set', groupName, '--upload-grace', '4000');
  await cluster.operate('printer', 'resume', printer, ...inGroup);
  t.ok(await settled(cluster, 20_000));
  t.match(await read(cluster, keys.doneJob(groupName, id)), { ...isNew, state: 'completed', documents: [{}] });
  t.match(await read(cluster, keys.printer(groupName, 'added')), { ...isNew, info: 'changed by the older node' });
  t.match(await read(cluster, keys.group(groupName)), { ...isNew, uploadGraceMs: 4_000 });
  t.match(await read(cluster, keys.owner(groupName)), isNew);
  const older = await print(t, cluster, 'by the older node');
  t.ok(await settled(cluster, 20_000));

  await startAgain(killed);
  await killOwner(cluster);
  t.equal((await cluster.owner())?.node, 'b', 'the newer node takes over from the older one');
  await print(t, cluster, 'by the newer node again');
  t.ok(await settled(cluster, 20_000));
  t.match(await read(cluster, keys.doneJob(groupName, older)), { state: 'completed' });
  t.match(await cluster.node('b').platen('node', 'list'), { status: 0, stdout: /0\.2\.0/ });
});

t.test('a group with records that the older node cannot read', skipWithoutEtcd, async (t) => {
  const programs = await otherBuild(t, newJobRecords);
  const cluster = await startWithPrinters(t, {
    builds: { b: programs, c: programs },
    groups: { [groupName]: ['--preferred', 'b,a,c'] },
  });
  await cluster.eye.until(() => cluster.eye.changes(groupName).find(({ owner }) => owner.node === 'b'), 'b');
  await cluster.owning();
  await cluster.operate('printer', 'pause', printer, ...inGroup);
  const id = await print(t, cluster, 'of version 2');
  t.match(await read(cluster, keys.job(groupName, id)), { version: 2 });
  t.match(await read(cluster, keys.formats(groupName)), { kinds: { job: 2 } });
  const { killed } = await killOwner(cluster);
  t.equal(killed.name, 'b');
  t.equal((await cluster.owner())?.node, 'c', 'a would come first');
  t.match(await read(cluster, keys.node('a')), {
    readiness: { except: { [groupName]: 'its job records are of version 2, and this node knows version 1' } },
  });
  const refused = await cluster.node('a').platen('group', 'move', groupName, '--to', 'a');
  t.not(refused.status, 0);
  t.match(refused.stderr, /a is not ready: its job records are of version 2/);
  t.match(await read(cluster, keys.job(groupName, id)), { version: 2, state: 'pending' });
  await cluster.operate('printer', 'resume', printer, ...inGroup);
  t.ok(await settled(cluster, 20_000));
  t.match(await read(cluster, keys.doneJob(groupName, id)), { version: 2, state: 'completed' });
});
