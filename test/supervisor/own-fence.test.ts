// Writing a dead life off when the store drops requests, hides outcomes, or holds something else by then.

import t from 'tap';
import type { NodeRecord } from '../../lib/model/cluster.js';
import { silentLog } from '../../lib/platform/log.js';
import { keys } from '../../lib/store/keys.js';
import type { Json } from '../../lib/store/store.js';
import { OwnFence } from '../../lib/supervisor/own-fence.js';
import { FakeClock } from '../support/fake-clock.js';
import { FaultyStore, noFaults } from '../support/faulty-store.js';
import { MemoryStore } from '../support/memory-store.js';
import { me, putRecord, readRecord } from '../support/supervisor.js';

const lab = () => {
  const clock = new FakeClock();
  const store = new MemoryStore();
  const way = new FaultyStore({ inner: store, clock });
  const closing = new AbortController();
  let isDone = false;
  const write = (...lives: string[]): void => {
    const lost = { lives, because: 'its worker died' };
    void new OwnFence({ store: way, clock, log: silentLog, node: me }).write(lost, closing.signal).finally(() => {
      isDone = true;
    });
  };
  return { clock, store, way, closing, write, isDone: () => isDone };
};

t.test('the record of a dead life says so, and keeps the rest', async (t) => {
  const { clock, store, write, isDone } = lab();
  await putRecord(store, 'a', 7);
  const before = await readRecord(store);
  write('a');
  await clock.advance(1);
  t.ok(isDone());
  t.same(await readRecord(store), { ...before, fenced: { by: me, because: 'its worker died' } });
});

for (const [what, record] of [
  ['no record', undefined],
  ['a newer life', { version: 1, incarnation: 'b', counter: 0 }],
  ['a life that others have fenced', { version: 1, incarnation: 'a', counter: 0, fenced: { by: 'two', because: '' } }],
] as const)
  t.test(`${what} is left alone`, async (t) => {
    const { clock, store, write, isDone } = lab();
    if (record !== undefined) store.commit([], [{ put: keys.node(me), value: record as unknown as Json }]);
    const before = await store.get(keys.node(me));
    write('a');
    await clock.advance(1);
    t.ok(isDone());
    t.same(await store.get(keys.node(me)), before);
  });

t.test('of several lives whichever the store holds is written off', async (t) => {
  for (const held of ['a', 'b']) {
    const { clock, store, write } = lab();
    await putRecord(store, held);
    write('a', 'b');
    await clock.advance(1);
    t.ok((await readRecord(store))?.fenced, held);
  }
});

t.test('while the store does not answer it is tried again and again', async (t) => {
  const { clock, store, way, write, isDone } = lab();
  await putRecord(store, 'a');
  way.faults = { ...noFaults, isCut: () => true };
  write('a');
  await clock.advance(60_000);
  t.notOk(isDone());
  way.faults = noFaults;
  await clock.advance(2_000);
  t.ok(isDone());
  t.ok((await readRecord(store))?.fenced);
});

t.test('an outcome that is not known is settled by reading', async (t) => {
  const { clock, store, way, write, isDone } = lab();
  await putRecord(store, 'a');
  const { revision = 0 } = (await store.get(keys.node(me))) ?? {};
  let calls = 0;
  // The answer to the second call, the write, is lost.
  way.faults = { ...noFaults, losesAnswer: () => (calls += 1) === 2 };
  write('a');
  await clock.advance(3_000);
  t.ok(isDone());
  t.equal((await store.get(keys.node(me)))?.revision, revision + 1, 'it is written once');
});

t.test('a renewal that comes between reading and writing is written off as well', async (t) => {
  const { clock, store, way, write, isDone } = lab();
  await putRecord(store, 'a', 1);
  way.faults = { ...noFaults, request: () => 10, answer: () => 10 };
  write('a');
  await clock.advance(25);
  await putRecord(store, 'a', 2);
  await clock.advance(200);
  t.ok(isDone());
  const record = (await readRecord(store)) as NodeRecord;
  t.match(record, { counter: 2, fenced: { by: me } });
});

t.test('a new life ends the trying, and so does the end of the supervisor', async (t) => {
  const first = lab();
  await putRecord(first.store, 'a');
  first.way.faults = { ...noFaults, isCut: () => true };
  first.write('a');
  await first.clock.advance(500);
  await putRecord(first.store, 'b');
  first.way.faults = noFaults;
  await first.clock.advance(2_000);
  t.ok(first.isDone());
  t.equal((await readRecord(first.store))?.fenced, undefined);

  const second = lab();
  second.way.faults = { ...noFaults, isCut: () => true };
  second.write('a');
  await second.clock.advance(500);
  second.closing.abort();
  await second.clock.advance(2_000);
  t.ok(second.isDone());
});
