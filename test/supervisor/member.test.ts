// A real member of etcd through the lives of its supervisors.

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import t from 'tap';
import { isRunning, type ProcessIdentity } from '../../lib/platform/processes.js';
import { freePorts, ownHost, skipWithoutEtcd, until } from '../support/etcd.js';
import { gone, killAlone, placeFor } from '../support/supervisor-place.js';

t.test('a member of etcd', skipWithoutEtcd, async (t) => {
  const [client, peer] = await freePorts(2);
  const [clientUrl, peerUrl] = [`http://${ownHost}:${client}`, `http://${ownHost}:${peer}`];
  const place = await placeFor(t, {
    endpoints: [clientUrl],
    member: { clientUrl, peerUrl, initialCluster: { one: peerUrl } },
  });
  const revision = async (): Promise<number> => {
    const response = await fetch(`${clientUrl}/v3/kv/range`, { method: 'POST', body: '{"key":"AA=="}' });
    return Number(((await response.json()) as { header: { revision: string } }).header.revision);
  };
  const answers = (): Promise<void> =>
    until(
      () => revision().then(Boolean, () => false),
      () => 'etcd answers',
    );
  const memberOnRecord = async (): Promise<ProcessIdentity> => {
    const { member } = await place.children();
    if (member === undefined) throw new Error('there is no member');
    return member;
  };
  let supervisor = place.start();
  await (await place.workers.next()).told('go');
  await answers();
  const first = await memberOnRecord();

  await t.test('outlives its supervisor and is adopted by the next one', async (t) => {
    await killAlone(supervisor);
    t.ok(isRunning(first));
    supervisor = place.start();
    await (await place.workers.next()).told('go');
    t.same(await memberOnRecord(), first);
    await answers();
  });

  await t.test('is started again when it dies, with what it held', async (t) => {
    const put = { key: Buffer.from('k').toString('base64'), value: '' };
    await fetch(`${clientUrl}/v3/kv/put`, { method: 'POST', body: JSON.stringify(put) });
    const before = await revision();
    process.kill(first.pid, 'SIGKILL');
    await gone(first);
    await answers();
    t.equal(await revision(), before);
    const second = await memberOnRecord();
    t.not(second.pid, first.pid);
    process.kill(second.pid, 'SIGKILL');
    await gone(second);
    await answers();
  });

  await t.test('is stopped with its supervisor', async (t) => {
    const last = await memberOnRecord();
    t.equal((await supervisor.stop()).status, 0);
    t.notOk(isRunning(last));
    t.same(await place.children().then(({ worker, member }) => [worker, member]), [undefined, undefined]);
    t.match(await readFile(path.join(place.directory, 'etcd.log'), 'utf8'), /./);
  });
});
