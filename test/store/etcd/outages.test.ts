// Real members that die, stand still and come back under a store that is in use (F5).

import { setTimeout as delay } from 'node:timers/promises';
import type { Test } from 'tap';
import t from 'tap';
import { openEtcdStore, type EtcdStoreOptions } from '../../../lib/store/etcd/etcd-store.js';
import type { Store, WatchEvent } from '../../../lib/store/store.js';
import { type EtcdCluster, skipWithoutEtcd, startEtcd, until } from '../../support/etcd.js';

/** Generous for a machine that does other things too; what was measured is told beside it. */
const soonMs = 4_000;

const open = (t: Test, endpoints: readonly string[], options: Partial<EtcdStoreOptions> = {}): Store => {
  const store = openEtcdStore({ endpoints, ...options });
  const alive = setInterval(() => {}, 1_000);
  t.teardown(async () => {
    await store.close();
    clearInterval(alive);
  });
  return store;
};

/** Writes until one is committed; the ms that took. */
const nextWrite = async (store: Store, key: string): Promise<number> => {
  const start = performance.now();
  for (;;) {
    const result = await store.txn([], [{ put: key, value: 1 }]).catch(() => undefined);
    if (result?.outcome === 'committed') return performance.now() - start;
    if (performance.now() - start > 20_000) throw new Error('no write within 20 s');
  }
};

const isQuick = (t: Test, ms: number, what: string): void => {
  t.comment(`${what}: ${Math.round(ms)} ms`);
  t.ok(ms < soonMs, what);
};

/** Follows a prefix from `fromRevision` on until it breaks or the test ends; gives what came, and when. */
const follow = (t: Test, store: Store, prefix: string, fromRevision: number) => {
  const stop = new AbortController();
  const batches: (readonly WatchEvent[])[] = [];
  const ended = (async () => {
    for await (const batch of store.watch(prefix, fromRevision, stop.signal)) batches.push(batch);
  })();
  ended.catch(() => undefined);
  t.teardown(() => stop.abort());
  const values = (): unknown[] => batches.flat().map((event) => (event.kind === 'put' ? event.entry.value : undefined));
  return { batches, values, ended };
};

/** Runs one test over a cluster of three whose members all run and are in agreement at its end. */
const withThree = (cluster: () => EtcdCluster, name: string, body: (t: Test, cluster: EtcdCluster) => Promise<void>) =>
  t.test(name, skipWithoutEtcd, async (t) => {
    await body(t, cluster());
    await cluster().ready();
  });

let three: EtcdCluster;
void t.test('a cluster of three starts', skipWithoutEtcd, async () => {
  three = await startEtcd(t, { members: 3 });
});
const check = (name: string, body: (t: Test, cluster: EtcdCluster) => Promise<void>) =>
  void withThree(() => three, name, body);

check('the leader is killed: the next write is made, a watch misses nothing', async (t, cluster) => {
  const { leader, followers } = await cluster.roles();
  const store = open(t, [leader.endpoint, ...followers.map(({ endpoint }) => endpoint)]);
  const { revision } = await store.range('');
  const seen = follow(t, store, '/w/', revision + 1);
  await nextWrite(store, '/w/before');
  await leader.kill();
  isQuick(t, await nextWrite(store, '/w/after'), 'from the death of the leader, first of the list, to the next write');
  await until(
    async () => seen.batches.length >= 2,
    () => `${seen.batches.length} batches`,
  );
  const keys = seen.batches.flat().map((event) => (event.kind === 'put' ? event.entry.key : event.key));
  t.strictSame(new Set(keys), new Set(['/w/before', '/w/after']));
  leader.start();
});

check(
  'the leader stands still: what it was sent is unknown, others go on, and it settles by a write',
  async (t, cluster) => {
    const { leader, followers } = await cluster.roles();
    const store = open(t, [leader.endpoint, ...followers.map(({ endpoint }) => endpoint)]);
    await nextWrite(store, '/settled');
    const before = await store.get('/settled');
    const compares = [{ key: '/settled', revision: before?.revision ?? -1 }];
    await leader.pause();
    const lost = await store.txn(compares, [{ put: '/settled', value: 'lost' }]);
    t.equal(lost.outcome, 'unknown');
    const start = performance.now();
    let settled = await store.txn(compares, [{ put: '/settled', value: 'settled' }]).catch(() => undefined);
    while (settled === undefined || settled.outcome === 'unknown')
      settled = await store.txn(compares, [{ put: '/settled', value: 'settled' }]).catch(() => undefined);
    isQuick(t, performance.now() - start, 'to the settling write');
    const after = (await store.get('/settled'))?.value;
    leader.resume();
    await cluster.ready();
    // Either write may have won; a settling write whose own answer was lost meets itself as a conflict.
    if (settled.outcome === 'committed') t.equal(after, 'settled');
    t.ok(after === 'settled' || after === 'lost', JSON.stringify(after));
    t.equal((await store.get('/settled'))?.value, after, 'what lost is not made later');
  },
);

check('a follower, first of the list, stands still: reads and watches go on at the next', async (t, cluster) => {
  const { leader, followers } = await cluster.roles();
  const [stopped, other] = followers;
  const store = open(
    t,
    [stopped!, other!, leader].map(({ endpoint }) => endpoint),
  );
  const writer = open(t, [leader.endpoint]);
  const { revision } = await store.range('');
  const seen = follow(t, store, '/w/', revision + 1);
  await writer.txn([], [{ put: '/w/1', value: 1 }]);
  await until(
    async () => seen.batches.length === 1,
    () => 'the first batch',
  );
  await stopped!.pause();
  const start = performance.now();
  t.equal((await store.get('/w/1'))?.value, 1);
  isQuick(t, performance.now() - start, 'a read');
  await writer.txn([], [{ put: '/w/2', value: 2 }]);
  await until(
    async () => seen.batches.length === 2,
    () => 'the second batch',
  );
  isQuick(t, performance.now() - start, 'the watch goes on');
  stopped!.resume();
  await until(
    () => stopped!.isReady(),
    () => 'the member is back',
  );
  await writer.txn([], [{ put: '/w/3', value: 3 }]);
  await until(
    async () => seen.batches.length === 3,
    () => 'the third batch',
  );
  t.strictSame(seen.values(), [1, 2, 3], 'each once, in order');
});

check('a member without the majority gives no stale answer, and its watch ends', async (t, cluster) => {
  const { leader, followers } = await cluster.roles();
  const [alone, other] = followers;
  const store = open(t, [alone!.endpoint]);
  await nextWrite(store, '/stale');
  const entry = await store.get('/stale');
  const seen = follow(t, store, '/stale', (entry?.revision ?? 0) + 1);
  for (const member of [leader, other!]) await member.pause();
  const compares = [{ key: '/stale', revision: entry?.revision ?? -1 }];
  const outcomes = [];
  for (let i = 0; i < 3; i += 1) {
    await t.rejects(store.get('/stale'), { code: 'store-unreachable' });
    outcomes.push((await store.txn(compares, []).catch(() => undefined))?.outcome);
  }
  t.notOk(outcomes.includes('committed'), 'nor does a transaction that only compares');
  await t.rejects(seen.ended, { code: 'store-unreachable' });
  for (const member of [leader, other!]) member.resume();
  isQuick(t, await nextWrite(store, '/stale'), "from the majority's return to the next write");
});

check('all members die: the one error within the deadline; back: recovery', async (t, cluster) => {
  const store = open(t, cluster.endpoints);
  const { revision } = await store.range('');
  await nextWrite(store, '/kept');
  await cluster.stop();
  // Until the store sees its kept connections end, a write on one of them is unknown, not refused.
  await delay(100);
  for (let i = 0; i < 3; i += 1) {
    const start = performance.now();
    await t.rejects(store.txn([], [{ put: '/k', value: 1 }]), { code: 'store-unreachable' });
    const ms = performance.now() - start;
    t.ok(ms < soonMs, `after ${Math.round(ms)} ms`);
  }
  await t.rejects(follow(t, store, '/', revision + 1).ended, { code: 'store-unreachable' });
  for (const member of cluster.members) member.start();
  await cluster.ready();
  isQuick(t, await nextWrite(store, '/back'), 'from readiness to the next write');
  t.equal((await store.get('/kept'))?.value, 1);
});

check('a rolling restart: every write is made or unknown, none is lost, a watch sees each once', async (t, cluster) => {
  const store = open(t, cluster.endpoints, { tryMs: 1_000, callMs: 3_000 });
  const { revision } = await store.range('');
  const seen = follow(t, store, '/roll/', revision + 1);
  const done = new AbortController();
  const committed: number[] = [];
  const writer = (async () => {
    for (let i = 0; !done.signal.aborted; i += 1) {
      const result = await store.txn([], [{ put: '/roll/x', value: i }]).catch(() => undefined);
      if (result?.outcome === 'committed') committed.push(i);
      await delay(5);
    }
  })();
  for (const member of cluster.members) {
    await member.kill();
    member.start();
    await cluster.ready();
  }
  done.abort();
  await writer;
  const last = committed.at(-1) ?? -1;
  await until(
    async () => seen.values().includes(last),
    () => `value ${last}`,
  );
  const values = seen.values() as number[];
  t.ok(committed.length > 3, `${committed.length} writes`);
  t.strictSame(
    values,
    [...new Set(values)].toSorted((a, b) => a - b),
    'each once, in order',
  );
  const all = new Set(values);
  t.strictSame(
    committed.filter((value) => !all.has(value)),
    [],
  );
});

check('a watch that fell behind a compaction says so; from a new range on it goes on', async (t, cluster) => {
  const store = open(t, cluster.endpoints, { tryMs: 1_000, callMs: 3_000 });
  await nextWrite(store, '/c/1');
  const { revision } = await store.range('/c/');
  const live = follow(t, store, '/c/', revision + 1);
  for (let i = 0; i < 20; i += 1) await nextWrite(store, '/c/2');
  await until(
    async () => live.batches.length >= 20,
    () => `${live.batches.length} batches`,
  );
  const caughtUp = live.batches.length;
  const now = (await store.range('/c/')).revision;
  await cluster.post('/v3/kv/compaction', { revision: String(now), physical: true });
  await t.rejects(follow(t, store, '/c/', revision + 1).ended, { code: 'store-compacted' });
  await nextWrite(store, '/c/3');
  await until(
    async () => live.batches.length > caughtUp,
    () => `${live.batches.length} batches`,
  );
  t.equal(live.batches.length, caughtUp + 1, 'a watch that kept up does not notice');
});

t.test('a member that was wiped and is a cluster of its own is not believed', skipWithoutEtcd, async (t) => {
  const [one, other] = [await startEtcd(t, { members: 1 }), await startEtcd(t, { members: 1 })];
  const store = open(t, [...one.endpoints, ...other.endpoints]);
  await nextWrite(store, '/k');
  await one.stop();
  await t.rejects(store.get('/k'), { code: 'store-unreachable' });
  t.notMatch(await store.txn([], [{ put: '/k', value: 2 }]).catch(() => undefined), { outcome: 'committed' });
});
