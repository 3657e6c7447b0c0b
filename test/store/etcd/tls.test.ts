// Mutual TLS with real members (R92): certificates of the cluster's own authority, what a stranger gets, and certificates that change meanwhile.

import { readFile } from 'node:fs/promises';
import type { Test } from 'tap';
import t from 'tap';
import { RenewedAgent } from '../../../lib/platform/certificates/renewed-agent.js';
import { openEtcdStore, type EtcdStoreOptions } from '../../../lib/store/etcd/etcd-store.js';
import { type TestNode, testAuthority, testNode } from '../../support/certificates.js';
import { ownHost, skipWithoutEtcd, startEtcd } from '../../support/etcd.js';

const open = (t: Test, endpoints: readonly string[], options: Omit<EtcdStoreOptions, 'endpoints'>) => {
  const store = openEtcdStore({ endpoints, ...options });
  t.teardown(() => store.close());
  return store;
};

const by = ({ credentials }: TestNode) => ({ tls: () => new RenewedAgent(credentials) });

t.test('certificates on both sides', skipWithoutEtcd, async (t) => {
  const [authority, foreign] = [await testAuthority(t), await testAuthority(t)];
  const node = await testNode(t, 'a', await authority.give('a'));
  const { endpoints } = await startEtcd(t, { members: 1, authority });
  const store = open(t, endpoints, by(node));
  t.equal((await store.txn([], [{ put: '/k', value: 1 }])).outcome, 'committed');
  t.equal((await store.get('/k'))?.value, 1);
  const stop = new AbortController();
  for await (const batch of store.watch('/k', 1, stop.signal)) {
    t.equal(batch.length, 1);
    stop.abort();
  }

  const strange = await testNode(t, 's', await foreign.give('s'));
  const { crl: _, ...files } = await authority.give('p', { now: Date.now() - 100 * 86_400_000, days: 1 });
  const past = await testNode(t, 'p', files);
  const wrong: [string, Omit<EtcdStoreOptions, 'endpoints'>][] = [
    ['without a certificate, by the roots of Node.js', {}],
    ['with a certificate of another authority', by(strange)],
    ['with a certificate that has ended', by(past)],
  ];
  for (const [name, options] of wrong) {
    const refused = open(t, endpoints, options);
    await t.rejects(refused.get('/k'), { code: 'store-unreachable' }, name);
    const result = await refused.txn([], [{ put: '/k', value: 2 }]).catch(() => undefined);
    t.not(result?.outcome, 'committed', name);
  }
  t.equal((await store.get('/k'))?.value, 1);
});

t.test('a member at another address than its certificate says is not believed', skipWithoutEtcd, async (t) => {
  const authority = await testAuthority(t);
  const { endpoints, members } = await startEtcd(t, { members: 1, authority });
  const store = open(t, endpoints, by(await testNode(t, 'a', await authority.give('a'))));
  t.equal(await store.get('/k'), undefined);
  await authority.give('m0', { addresses: ['192.0.2.1'] });
  await members[0]?.kill();
  members[0]?.start();
  await t.rejects(store.get('/k'), { code: 'store-unreachable', message: /does not match certificate's altnames/ });
});

t.test('members and nodes take new certificates, and refuse revoked ones, as they run', skipWithoutEtcd, async (t) => {
  const authority = await testAuthority(t);
  const a = await testNode(t, 'a', await authority.give('a'));
  const b = await testNode(t, 'b', await authority.give('b'));
  const { endpoints } = await startEtcd(t, { members: 3, authority });
  const [store, other] = [open(t, endpoints, by(a)), open(t, endpoints, by(b))];
  const load = { written: 0, isOver: false };
  const writing = (async (): Promise<void> => {
    for (; !load.isOver; load.written += 1)
      if ((await store.txn([], [{ put: '/load', value: load.written }])).outcome !== 'committed')
        throw new Error('not committed');
  })();
  await other.get('/k');
  for (const name of ['m0', 'm1', 'm2']) await authority.give(name, { addresses: [ownHost] });
  await authority.give('a');
  await authority.revoke('a', { old: true, now: Date.now() });
  await authority.revoke('b', { old: false, now: Date.now() });
  await Promise.all([a.credentials.look(), b.credentials.look()]);
  await t.rejects(other.get('/k'), { code: 'store-unreachable' }, 'node b is refused');
  t.equal((await store.get('/k'))?.value, undefined);
  const before = load.written;
  while (load.written < before + 50) await new Promise((resolve) => setTimeout(resolve, 5));
  load.isOver = true;
  await writing;
  t.match(await readFile(authority.listFile, 'utf8'), /BEGIN X509 CRL/);
});
