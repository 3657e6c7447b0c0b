// A real member of etcd that a supervisor runs with certificates: who is let in, and what becomes of connections that stand when they are revoked.

import { once } from 'node:events';
import { get } from 'node:https';
import t from 'tap';
import { RenewedAgent } from '../../lib/platform/certificates/renewed-agent.js';
import { isRunning } from '../../lib/platform/processes.js';
import { openEtcdStore } from '../../lib/store/etcd/etcd-store.js';
import { testAuthority, testNode } from '../support/certificates.js';
import { freePorts, ownHost, skipWithoutEtcd, until } from '../support/etcd.js';
import { gone, placeFor } from '../support/supervisor-place.js';

t.test('a member with certificates', skipWithoutEtcd, async (t) => {
  const authority = await testAuthority(t);
  const tls = await authority.give('one', { addresses: [ownHost] });
  const two = await testNode(t, 'two', await authority.give('two'));
  const [client, peer] = await freePorts(2);
  const [clientUrl, peerUrl] = [`https://${ownHost}:${client}`, `https://${ownHost}:${peer}`];
  const place = await placeFor(t, {
    endpoints: [clientUrl],
    tls,
    member: { clientUrl, peerUrl, initialCluster: { one: peerUrl } },
  });
  const supervisor = place.start();
  const worker = await place.workers.next();
  await worker.told('go');
  const store = openEtcdStore({ endpoints: [clientUrl], tls: () => new RenewedAgent(two.credentials) });
  t.teardown(() => store.close());
  const answers = (): Promise<boolean> =>
    store.get('/k').then(
      () => true,
      () => false,
    );
  await until(answers, () => 'etcd answers node two');
  const stranger = get(clientUrl, { rejectUnauthorized: false, agent: false });
  const [refused] = (await once(stranger, 'error')) as [Error];
  t.match(refused.message, /certificate required|bad certificate|ECONNRESET|socket hang up/);

  const { member } = await place.children();
  await authority.revoke('two', { old: false, now: Date.now() });
  if (member === undefined) throw new Error('there is no member');
  await gone(member);
  await until(
    async () => {
      const { member: next } = await place.children();
      return next !== undefined && next.pid !== member.pid && isRunning(next);
    },
    () => 'it is started again',
  );
  const one = await testNode(t, 'one', tls);
  const own = openEtcdStore({ endpoints: [clientUrl], tls: () => new RenewedAgent(one.credentials) });
  t.teardown(() => own.close());
  await until(
    () =>
      own.get('/k').then(
        () => true,
        () => false,
      ),
    () => 'etcd answers node one',
  );
  t.equal(await answers(), false, 'the node that was revoked has no connection left');
  t.equal((await supervisor.stop()).status, 0);
});

t.test('a node whose certificate is another one does not start, and says why', async (t) => {
  const authority = await testAuthority(t);
  const tls = await authority.give('two');
  const place = await placeFor(t, { endpoints: ['https://127.0.0.1:1'], tls });
  const supervisor = place.start();
  t.not((await supervisor.ended()).status, 0);
  t.match(supervisor.errors, /is of node two, and this node is one/);
});
