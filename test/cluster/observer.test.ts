import t from 'tap';
import { Observer } from '../../lib/cluster/observer.js';
import { defaultTiming } from '../../lib/cluster/timing.js';
import { silentLog } from '../../lib/platform/log.js';
import { keys } from '../../lib/store/keys.js';
import { FakeClock } from '../support/fake-clock.js';
import { FaultyStore, noFaults } from '../support/faulty-store.js';
import { MemoryStore } from '../support/memory-store.js';

/** Node a observes; `renew` writes a node's record. */
const desk = async () => {
  const store = new MemoryStore();
  const clock = new FakeClock();
  const way = new FaultyStore({ inner: store, clock });
  const parts = { store: way, clock, log: silentLog, timing: defaultTiming, node: 'a', onChange: () => {} };
  const observer = new Observer(parts);
  let counter = 0;
  const renew = (node: string): void => {
    counter += 1;
    const value = { version: 1, incarnation: `${node}1`, counter, addresses: { peers: '', rest: '' }, readiness: {} };
    store.commit([], [{ put: keys.node(node), value }]);
  };
  const heardAt = (node: string) => observer.observed.nodes.get(node)?.heardAt;
  renew('a');
  renew('b');
  observer.start();
  await clock.advance(100);
  return { store, clock, way, observer, renew, heardAt };
};

t.test('silence is timed from the arrival of each revision', async (t) => {
  const { clock, observer, renew, heardAt } = await desk();
  t.ok(observer.isComplete);
  t.equal(heardAt('b'), 0);
  await clock.advance(400);
  renew('b');
  await clock.advance(400);
  t.equal(heardAt('b'), 500);
  t.equal(observer.observed.nodes.get('b')?.since, 0, 'its life began before');
});

t.test('a watch that breaks is resumed, and the silence counts on', async (t) => {
  const { clock, way, renew, heardAt } = await desk();
  renew('a');
  await clock.advance(100);
  const before = heardAt('b');
  way.faults = { ...noFaults, isCut: () => true };
  renew('a');
  await clock.advance(1_000);
  way.faults = noFaults;
  await clock.advance(100);
  renew('a');
  await clock.advance(100);
  t.equal(heardAt('b'), before);
  t.ok((heardAt('a') ?? 0) > 1_000, 'what came meanwhile was not missed');
});

t.test('a gap in our own renewals beyond fenceAfter starts the silence anew', async (t) => {
  const { clock, renew, heardAt } = await desk();
  renew('a');
  await clock.advance(1_900);
  renew('a');
  await clock.advance(100);
  t.equal(heardAt('b'), 2_000);
});

t.test('after a compaction everything is read again, and the silence starts anew', async (t) => {
  const { store, clock, way, observer, renew, heardAt } = await desk();
  await store.txn([], [{ put: keys.owner('sales'), value: { version: 1, node: 'b', incarnation: 'b1', epoch: 1 } }]);
  await clock.advance(100);
  way.faults = { ...noFaults, isCut: () => true };
  renew('a');
  await store.txn([], [{ delete: keys.owner('sales') }]);
  await clock.advance(500);
  store.compact();
  way.faults = noFaults;
  await clock.advance(200);
  t.ok((heardAt('b') ?? 0) >= 700);
  t.equal(observer.observed.owners.size, 0, 'what was deleted meanwhile is gone');
});

t.test('an event that is older than what is known changes nothing', async (t) => {
  const { clock, observer, store, way } = await desk();
  way.faults = { ...noFaults, answer: () => 50 };
  for (const epoch of [1, 2, 3])
    store.commit([], [{ put: keys.owner('sales'), value: { version: 1, node: 'b', incarnation: 'b1', epoch } }]);
  const seen: number[] = [];
  for (let step = 0; step < 30; step += 1) {
    await clock.advance(10);
    seen.push(observer.observed.owners.get('sales')?.record.epoch ?? 0);
  }
  t.same(
    seen,
    seen.toSorted((one, other) => one - other),
  );
  t.equal(seen.at(-1), 3);
});
