import type { Test } from 'tap';
import t from 'tap';
import { silentLog } from '../../lib/platform/log.js';
import { PlatenError } from '../../lib/errors.js';
import { EventLog } from '../../lib/queue/events.js';
import { openEmbeddedStore } from '../../lib/store/embedded/embedded-store.js';
import { keys } from '../../lib/store/keys.js';
import type { Store } from '../../lib/store/store.js';
import { FakeClock } from '../support/fake-clock.js';
import { disturbed } from '../support/queue.js';
import { temporaryDirectory } from '../support/temporary.js';

const openStore = async (t: Test): Promise<Store> => {
  const store = await openEmbeddedStore({ directory: await temporaryDirectory(t), log: silentLog });
  t.teardown(() => store.close());
  return store;
};
const openLog = (store: Store): EventLog => new EventLog({ store, node: 'a', clock: new FakeClock(), log: silentLog });
const noteMany = async (log: EventLog, count: number): Promise<void> => {
  for (let at = 0; at < count; at += 500) {
    for (let i = at; i < Math.min(count, at + 500); i += 1) log.note('printer-changed', { text: `${i}` });
    await log.settled();
  }
};

t.test('events come back newest first, and their numbers go on in the next life', async (t) => {
  const store = await openStore(t);
  const first = openLog(store);
  first.note('printer-added', { printer: 'demo', text: 'x' });
  first.note('printer-paused', { printer: 'demo', text: 'y' });
  await first.settled();
  const second = openLog(store);
  second.note('printer-resumed', { printer: 'demo', text: '' });
  await second.settled();
  t.match(await second.recent(10), [
    { sequence: 3, code: 'printer-resumed' },
    { sequence: 2, code: 'printer-paused' },
    { sequence: 1, code: 'printer-added', node: 'a' },
  ]);
});

t.test('the last 5,000 are kept, over a restart too', async (t) => {
  const store = await openStore(t);
  await noteMany(openLog(store), 3_000);
  const log = openLog(store);
  await noteMany(log, 3_000);
  const { entries, more } = await store.range(keys.events, { limit: 6_000 });
  t.equal(entries.length, 5_000);
  t.notOk(more);
  t.match(entries[0]?.value, { sequence: 1_001 });
});

t.test('a flood is cut off, not kept in memory', async (t) => {
  const store = await openStore(t);
  const log = openLog(store);
  for (let i = 0; i < 10_000; i += 1) log.note('printer-changed', { text: '' });
  await log.settled();
  t.equal((await store.range(keys.events, { limit: 6_000 })).entries.length, 1_000);
});

t.test('a store that fails loses events and nothing else', async (t) => {
  const store = await openStore(t);
  let fails = true;
  const flaky = disturbed(store, () => {
    if (fails) throw new Error('no answer');
    return undefined;
  });
  const log = openLog(flaky);
  log.note('printer-added', { text: 'lost' });
  await log.settled();
  fails = false;
  log.note('printer-added', { text: 'kept' });
  await log.settled();
  t.match(await log.recent(10), [{ text: 'kept' }]);
});

t.test('what a silent store did not take waits for the next event, and is written once', async (t) => {
  const store = await openStore(t);
  let isSilent = true;
  const silent = (): undefined => {
    if (isSilent) throw new PlatenError('store-unreachable');
    return undefined;
  };
  const log = openLog(disturbed(store, silent));
  log.note('groups-given-up', { text: 'sales: my deadline has passed' });
  await log.settled();
  isSilent = false;
  log.note('store-unreachable', { text: 'for 9.0s', at: 5 });
  await log.settled();
  t.match(await log.recent(10), [{ code: 'store-unreachable', at: 5 }, { code: 'groups-given-up' }]);
});

t.test('a write whose outcome was not known is not made twice', async (t) => {
  const store = await openStore(t);
  let isUnknown = false;
  const log = openLog({
    get: (key) => store.get(key),
    range: (prefix, options) => store.range(prefix, options),
    watch: (prefix, from, signal) => store.watch(prefix, from, signal),
    close: () => store.close(),
    txn: async (compares, changes) => {
      const result = await store.txn(compares, changes);
      return isUnknown ? { outcome: 'unknown', cause: new Error('no answer') } : result;
    },
  });
  for (const text of ['1', '2', '3']) {
    isUnknown = text === '2';
    log.note('printer-added', { text });
    await log.settled();
  }
  t.match(await log.recent(10), [{ text: '3', sequence: 3 }, { text: '2', sequence: 2 }, { text: '1' }]);
  t.equal((await log.recent(10)).length, 3);
});

t.test('several nodes write into one sequence, and nothing is lost', async (t) => {
  const store = await openStore(t);
  const logs = [openLog(store), openLog(store), openLog(store)];
  for (let i = 0; i < 120; i += 1) for (const log of logs) log.note('printer-changed', { text: `${i}` });
  await Promise.all(logs.map((log) => log.settled()));
  const { entries } = await store.range(keys.events, { limit: 6_000 });
  t.equal(entries.length, 360);
  t.same(
    entries.map(({ value }) => (value as { sequence: number }).sequence),
    Array.from({ length: 360 }, (_, index) => index + 1),
  );
});

t.test('no write has more changes than etcd takes in one transaction', async (t) => {
  const store = await openStore(t);
  await noteMany(openLog(store), 5_000);
  let most = 0;
  const txn: Store['txn'] = (compares, changes) => {
    most = Math.max(most, compares.length, changes.length);
    return store.txn(compares, changes);
  };
  const log = openLog({ ...store, txn, range: (...args) => store.range(...args) });
  for (let i = 0; i < 300; i += 1) log.note('printer-changed', { text: '' });
  await log.settled();
  t.ok(most > 50 && most <= 128, `${most}`);
});
