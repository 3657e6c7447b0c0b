import * as fc from 'fast-check';
import type { Test } from 'tap';
import t from 'tap';
import { silentLog } from '../../lib/platform/log.js';
import { systemClock } from '../../lib/platform/clock.js';
import { GroupWrites } from '../../lib/queue/group-writes.js';
import { JobIds } from '../../lib/queue/job-ids.js';
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

/** A new spell of ownership and its job ids. */
const tenure = async (store: Store, epoch: number, clock = new FakeClock()) => {
  const result = await store.txn(
    [],
    [{ put: keys.owner('print'), value: { version: 1, node: 'a', incarnation: '', epoch } }],
  );
  if (result.outcome !== 'committed') throw new Error(result.outcome);
  const uncertain: unknown[] = [];
  const writes = new GroupWrites({
    store,
    tenure: { group: 'print', epoch, node: 'a', revision: result.revision, holds: () => true },
    clock: systemClock,
    onUncertain: (cause) => uncertain.push(cause),
  });
  return { ids: new JobIds({ group: 'print', store, writes, clock }), uncertain };
};
const next = async (store: Store): Promise<unknown> => (await store.get(keys.jobIds('print')))?.value;
const take = (ids: JobIds, count: number): Promise<number[]> =>
  Promise.all(Array.from({ length: count }, () => ids.take()));

t.test('ids go up from 1 and are taken in blocks', async (t) => {
  const store = await openStore(t);
  const { ids } = await tenure(store, 1);
  t.same(await take(ids, 3), [1, 2, 3]);
  t.match(await next(store), { next: 17 });
});

t.test('blocks double while they last less than 5 s, and are small again after a quiet time', async (t) => {
  const store = await openStore(t);
  const clock = new FakeClock();
  const { ids } = await tenure(store, 1, clock);
  await take(ids, 17);
  t.match(await next(store), { next: 17 + 32 });
  await take(ids, 32);
  t.match(await next(store), { next: 49 + 64 });
  await clock.advance(5_000);
  await take(ids, 64);
  t.match(await next(store), { next: 113 + 16 });
});

t.test('blocks have a largest size', async (t) => {
  const store = await openStore(t);
  const { ids } = await tenure(store, 1);
  await take(ids, 30_000);
  const before = (await next(store)) as { next: number };
  await take(ids, before.next - 30_000);
  t.match(await next(store), { next: before.next + 4_096 });
});

t.test('what is left of a block is given back at an orderly stop, and ids go on without a gap', async (t) => {
  const store = await openStore(t);
  const { ids } = await tenure(store, 1);
  t.same(await take(ids, 3), [1, 2, 3]);
  await ids.release();
  await ids.release();
  t.same(await take((await tenure(store, 2)).ids, 2), [4, 5]);
});

t.test('an id is never given out twice, whatever the spells of ownership and their ends', async () => {
  const spells = fc.array(fc.record({ take: fc.integer({ min: 0, max: 80 }), orderly: fc.boolean() }), {
    maxLength: 6,
  });
  await fc.assert(
    fc.asyncProperty(spells, async (list) => {
      const closers: (() => Promise<unknown>)[] = [];
      const store = await openStore({
        teardown: (action: () => Promise<unknown>) => closers.push(action),
      } as unknown as Test);
      const seen = new Set<number>();
      let wanted = 0;
      for (const [index, spell] of list.entries()) {
        const { ids } = await tenure(store, index + 1);
        for (const id of await take(ids, spell.take)) seen.add(id);
        wanted += spell.take;
        if (spell.orderly) await ids.release();
      }
      for (const close of closers.reverse()) await close();
      return seen.size === wanted;
    }),
    { numRuns: 8 },
  );
});

t.test('a deposed owner gets no ids, and gives none back', async (t) => {
  const store = await openStore(t);
  const before = await tenure(store, 1);
  await take(before.ids, 3);
  const after = await tenure(store, 2);
  t.same(await take(after.ids, 1), [17], 'another block');
  t.same(await take(before.ids, 13), [4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]);
  await t.rejects(before.ids.take(), { code: 'not-owner' });
  await before.ids.release();
  t.match(await next(store), { next: 33 });
});

t.test('two that believe to be owner never get the same block', async (t) => {
  const store = await openStore(t);
  const { ids } = await tenure(store, 1);
  await store.txn([], [{ put: keys.jobIds('print'), value: { version: 1, next: 5 } }]);
  t.same(await take(ids, 2), [5, 6]);
});

t.test('a block whose taking may have failed is taken once', async (t) => {
  const store = await openStore(t);
  let unknown = true;
  const flaky = disturbed(store, () => {
    const answer = unknown ? { outcome: 'unknown' as const, cause: new Error('no answer') } : undefined;
    unknown = false;
    return answer;
  });
  const { ids } = await tenure(store, 1);
  t.same(await take(ids, 1), [1]);
  const second = await tenure(store, 2);
  void second;
  const result = await store.get(keys.owner('print'));
  const uncertain: unknown[] = [];
  const writes = new GroupWrites({
    store: flaky,
    tenure: { group: 'print', epoch: 2, node: 'a', revision: result?.revision ?? 0, holds: () => true },
    clock: systemClock,
    onUncertain: (cause) => uncertain.push(cause),
  });
  const other = new JobIds({ group: 'print', store: flaky, writes, clock: new FakeClock() });
  t.same(await take(other, 2), [17, 18]);
  t.same(uncertain, []);
});
