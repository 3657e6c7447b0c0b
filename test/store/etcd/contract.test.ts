// The contract's suite over one etcd member and over three.

import type { Test } from 'tap';
import t from 'tap';
import { RenewedAgent } from '../../../lib/platform/certificates/renewed-agent.js';
import { openEtcdStore } from '../../../lib/store/etcd/etcd-store.js';
import type { Store } from '../../../lib/store/store.js';
import { storeContract } from '../../contracts/store.js';
import { testAuthority, testNode } from '../../support/certificates.js';
import { type EtcdCluster, skipWithoutEtcd, startEtcd } from '../../support/etcd.js';
import { type Relay, startRelay } from '../../support/relay.js';

const kept = 100;

/** The store, and a compaction after every `kept` transactions as the maintenance would do with time. */
const compacting = (store: Store, cluster: EtcdCluster): Store => {
  let transactions = 0;
  return {
    get: (key) => store.get(key),
    range: (prefix, options) => store.range(prefix, options),
    watch: (prefix, fromRevision, signal) => store.watch(prefix, fromRevision, signal),
    close: () => store.close(),
    txn: async (compares, changes) => {
      const result = await store.txn(compares, changes);
      transactions += 1;
      if (result.outcome === 'committed' && transactions % kept === 0)
        await cluster.post('/v3/kv/compaction', { revision: String(result.revision - kept) });
      return result;
    },
  };
};

for (const { count, secure } of [
  { count: 1, secure: false },
  { count: 3, secure: false },
  { count: 3, secure: true },
])
  t.test(`${count} member${count === 1 ? '' : 's'}${secure ? ', TLS' : ''}`, skipWithoutEtcd, async (t) => {
    const authority = secure ? await testAuthority(t) : undefined;
    const node = authority && (await testNode(t, 'a', await authority.give('a')));
    const tls = node && (() => new RenewedAgent(node.credentials));
    const cluster = await startEtcd(t, { members: count, ...(authority === undefined ? {} : { authority }) });
    // The store's own timers keep no process alive, and in an outage there is nothing else.
    const alive = setInterval(() => {}, 1_000);
    t.teardown(() => clearInterval(alive));
    const openHandle = (t: Test, endpoints: readonly string[]): Store => {
      const store = openEtcdStore({ endpoints, tls, tryMs: 2_000, callMs: 2_000 });
      t.teardown(() => store.close());
      return store;
    };
    storeContract(t, {
      name: 'etcd',
      open: async (t) => {
        await cluster.clear();
        const relays: Relay[] = [];
        for (const endpoint of cluster.endpoints) relays.push(await startRelay(t, endpoint));
        const endpoints = relays.map(({ port }) => `${secure ? 'https' : 'http'}://127.0.0.1:${port}`);
        return { store: compacting(openHandle(t, endpoints), cluster), relays, t };
      },
      reopen: async ({ store, t }) => {
        await store.close();
        await cluster.stop();
        for (const member of cluster.members) member.start();
        await cluster.ready();
        return openHandle(t, cluster.endpoints);
      },
      secondHandle: async ({ t }) => openHandle(t, cluster.endpoints),
      outage: async ({ relays, t }) => {
        t.teardown(async () => {
          for (const member of cluster.members) member.start();
          await cluster.ready();
        });
        await cluster.stop();
        for (const relay of relays) await relay.stop();
      },
      unknownOutcome: async ({ relays }, made) => {
        for (const relay of relays) relay.loseNext(made ? 'answer' : 'request');
      },
    });
  });
