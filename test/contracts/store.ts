// What every store does, as one suite. An implementation says how to open a fresh one and how to disturb it, or why that cannot be done.

import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import type { Test } from 'tap';
import { PlatenError } from '../../lib/errors.js';
import { maxKeyBytes, maxValueBytes } from '../../lib/store/limits.js';
import type {
  Change,
  Compare,
  Json,
  Range,
  RangeOptions,
  Store,
  TxnResult,
  WatchEvent,
} from '../../lib/store/store.js';

export interface Impossible {
  /** Why; the test is skipped by name. */
  readonly impossible: string;
}

/** An open store and whatever the implementation needs to disturb it. */
export interface StoreUnderTest {
  readonly store: Store;
}

export interface StoreImplementation<T extends StoreUnderTest = StoreUnderTest> {
  readonly name: string;
  /** Opens a fresh, empty store that keeps at most about 100 changes for watchers, and cleans up after the test. */
  open(t: Test): Promise<T>;
  /** Closes it and opens it again with the same content. */
  readonly reopen: ((opened: T) => Promise<Store>) | Impossible;
  /** A second way to the same content. */
  readonly secondHandle: ((opened: T) => Promise<Store>) | Impossible;
  /** Makes the store unreachable without closing it. */
  readonly outage: ((opened: T) => Promise<void>) | Impossible;
  /** Makes the next transaction's outcome unknown; `made` says whether it is really written. */
  readonly unknownOutcome: ((opened: T, made: boolean) => Promise<void>) | Impossible;
}

const committed = (t: Test, result: TxnResult): number => {
  if (result.outcome !== 'committed') {
    t.fail(`expected a commit, got ${result.outcome}`, { cause: 'cause' in result ? result.cause : undefined });
    throw new Error(result.outcome);
  }
  return result.revision;
};

const put = async (t: Test, store: Store, key: string, value: Json): Promise<number> =>
  committed(t, await store.txn([], [{ put: key, value }]));

const keysOf = (range: Range): string[] => range.entries.map(({ key }) => key);

const isUnreachable = (t: Test, action: Promise<unknown>, what: string): Promise<unknown> =>
  t.rejects(action, { name: 'PlatenError', code: 'store-unreachable' }, what);

/** Batches of a watch until `count` came. */
const take = async (
  store: Store,
  prefix: string,
  fromRevision: number,
  count: number,
): Promise<(readonly WatchEvent[])[]> => {
  const stop = new AbortController();
  const batches: (readonly WatchEvent[])[] = [];
  for await (const batch of store.watch(prefix, fromRevision, stop.signal)) {
    batches.push(batch);
    if (batches.length === count) break;
  }
  stop.abort();
  return batches;
};

/** Registers the suite under `t`. */
export const storeContract = <T extends StoreUnderTest>(t: Test, implementation: StoreImplementation<T>): void => {
  const check = (name: string, body: (t: Test, opened: T) => Promise<void>): void => {
    void t.test(`${implementation.name}: ${name}`, async (t) => body(t, await implementation.open(t)));
  };
  const checkWith = <H>(
    hook: H | Impossible,
    name: string,
    body: (t: Test, opened: T, hook: H) => Promise<void>,
  ): void => {
    if (hook instanceof Object && 'impossible' in hook)
      void t.test(`${implementation.name}: ${name}`, { skip: hook.impossible }, async () => {});
    else check(name, (t, opened) => body(t, opened, hook));
  };

  check('a transaction is made when all comparisons hold and not at all when one does not', async (t, { store }) => {
    const first = await put(t, store, '/a', 1);
    const cases: { name: string; compares: Compare[]; wins: boolean }[] = [
      { name: 'present key at its revision', compares: [{ key: '/a', revision: first }], wins: true },
      { name: 'present key taken for absent', compares: [{ key: '/a', revision: 0 }], wins: false },
      { name: 'present key at another revision', compares: [{ key: '/a', revision: first + 1 }], wins: false },
      { name: 'absent key taken for absent', compares: [{ key: '/none', revision: 0 }], wins: true },
      { name: 'absent key at a revision', compares: [{ key: '/none', revision: first }], wins: false },
      {
        name: 'one of two fails',
        compares: [
          { key: '/a', revision: first },
          { key: '/none', revision: 7 },
        ],
        wins: false,
      },
      { name: 'none asked', compares: [], wins: true },
    ];
    for (const [index, { name, compares, wins }] of cases.entries()) {
      const before = (await store.range('')).revision;
      const key = `/target/${index}`;
      const result = await store.txn(compares, [{ put: key, value: name }]);
      t.equal(result.outcome, wins ? 'committed' : 'conflict', name);
      t.equal((await store.get(key))?.value, wins ? name : undefined, name);
      t.equal((await store.range('')).revision > before, wins, `${name}: the revision tells`);
    }
  });

  check('an entry keeps the revision at which it was put, and deleting makes it absent', async (t, { store }) => {
    const one = await put(t, store, '/k', 'one');
    const two = await put(t, store, '/k', 'two');
    await put(t, store, '/other', 0);
    t.strictSame(await store.get('/k'), { key: '/k', value: 'two', revision: two });
    t.ok(two > one);
    t.equal((await store.txn([{ key: '/k', revision: one }], [{ delete: '/k' }])).outcome, 'conflict');
    committed(t, await store.txn([{ key: '/k', revision: two }], [{ delete: '/k' }]));
    t.equal(await store.get('/k'), undefined);
    committed(t, await store.txn([{ key: '/k', revision: 0 }], [{ put: '/k', value: 'again' }]));
  });

  check('a transaction over many keys is made whole or not at all', async (t, { store }) => {
    await put(t, store, '/old', 'old');
    const changes: Change[] = [
      { delete: '/old' },
      ...Array.from({ length: 50 }, (_, i) => ({ put: `/new/${i}`, value: i })),
    ];
    t.equal((await store.txn([{ key: '/old', revision: 0 }], changes)).outcome, 'conflict');
    t.strictSame(keysOf(await store.range('')), ['/old']);
    const revision = committed(t, await store.txn([], changes));
    t.equal(await store.get('/old'), undefined);
    const { entries } = await store.range('/new/');
    t.equal(entries.length, 50);
    t.ok(
      entries.every((entry) => entry.revision === revision),
      'all carry the same revision',
    );
  });

  check('of writers that race for one key exactly one wins', async (t, { store }) => {
    let revision = 0;
    for (let round = 0; round < 10; round += 1) {
      const results = await Promise.all(
        Array.from({ length: 16 }, (_, writer) =>
          store.txn([{ key: '/race', revision }], [{ put: '/race', value: { round, writer } }]),
        ),
      );
      const winners = results.flatMap((result, writer) => (result.outcome === 'committed' ? [{ result, writer }] : []));
      t.equal(winners.length, 1, `round ${round}`);
      t.equal(results.filter(({ outcome }) => outcome === 'conflict').length, 15);
      const entry = await store.get('/race');
      t.strictSame(entry?.value, { round, writer: winners[0]?.writer });
      t.equal(entry?.revision, winners[0]?.result.revision);
      revision = entry?.revision ?? -1;
    }
  });

  check('a counter raised by compare-and-swap from many sides loses no step', async (t, { store }) => {
    const raise = async (): Promise<void> => {
      for (;;) {
        const entry = await store.get('/counter');
        const result = await store.txn(
          [{ key: '/counter', revision: entry?.revision ?? 0 }],
          [{ put: '/counter', value: Number(entry?.value ?? 0) + 1 }],
        );
        if (result.outcome === 'committed') return;
      }
    };
    await Promise.all(
      Array.from({ length: 8 }, async () => {
        for (let i = 0; i < 10; i += 1) await raise();
      }),
    );
    t.equal((await store.get('/counter'))?.value, 80);
  });

  check('a transaction that changes nothing is no change', async (t, { store }) => {
    const revision = await put(t, store, '/a', 1);
    t.strictSame(await store.txn([{ key: '/a', revision }], []), { outcome: 'committed', revision });
    t.strictSame(await store.txn([], [{ delete: '/none' }]), { outcome: 'committed', revision });
    t.equal((await store.txn([{ key: '/a', revision: 0 }], [])).outcome, 'conflict');
    const next = await put(t, store, '/b', 2);
    const [batch] = await take(store, '', revision + 1, 1);
    t.strictSame(batch, [{ kind: 'put', entry: { key: '/b', value: 2, revision: next } }], 'nor is it an event');
  });

  check('what no store takes is refused before anything is written', async (t, { store }) => {
    const refused: [string, Compare[], Change[]][] = [
      ['an empty key', [], [{ put: '', value: 1 }]],
      ['a key one octet too long', [], [{ put: 'k'.repeat(maxKeyBytes + 1), value: 1 }]],
      ['a key too long in octets, not in characters', [], [{ put: 'ü'.repeat(maxKeyBytes / 2 + 1), value: 1 }]],
      ['a key that is not well-formed', [], [{ put: 'a\ud800', value: 1 }]],
      ['a value one octet too large', [], [{ put: '/v', value: 'x'.repeat(maxValueBytes - 1) }]],
      ['a value too large in octets, not in characters', [], [{ put: '/v', value: 'ü'.repeat(maxValueBytes / 2) }]],
      ['a key changed twice', [], [{ put: '/v', value: 1 }, { delete: '/v' }]],
      ['a revision that is none', [{ key: '/v', revision: -1 }], [{ put: '/v', value: 1 }]],
      ['an empty key compared', [{ key: '', revision: 0 }], [{ put: '/v', value: 1 }]],
    ];
    for (const [name, compares, changes] of refused)
      await t.rejects(store.txn(compares, [{ put: '/also', value: 1 }, ...changes]), RangeError, name);
    await t.rejects(store.range('', { limit: 0 }), RangeError, 'a limit of 0');
    t.strictSame((await store.range('')).entries, []);
    const key = 'k'.repeat(maxKeyBytes);
    const value = 'x'.repeat(maxValueBytes - 2);
    await put(t, store, key, value);
    t.equal((await store.get(key))?.value, value, 'the longest key and the largest value are taken');
  });

  check('a range has limit, order, start, and says whether there is more', async (t, { store }) => {
    await store.txn(
      [],
      ['/a', '/p', '/p/1', '/p/2', '/p/3', '/p/3/x', '/p/ü', '/p0', '/q'].map((key) => ({ put: key, value: key })),
    );
    const all = ['/p/1', '/p/2', '/p/3', '/p/3/x', '/p/ü'];
    const cases: [RangeOptions, string[], boolean][] = [
      [{}, all, false],
      [{ limit: 5 }, all, false],
      [{ limit: 4 }, all.slice(0, 4), true],
      [{ limit: 1 }, ['/p/1'], true],
      [{ from: '/p/2' }, all.slice(1), false],
      [{ from: '/p/2', limit: 2 }, ['/p/2', '/p/3'], true],
      [{ from: '/p/2\0' }, all.slice(2), false],
      [{ from: '/p/25' }, all.slice(2), false],
      [{ from: '/a' }, all, false],
      [{ from: '/q' }, [], false],
      [{ from: '/p0' }, [], false],
      [{ order: 'descending' }, all.toReversed(), false],
      [{ order: 'descending', limit: 2 }, ['/p/ü', '/p/3/x'], true],
      [{ order: 'descending', from: '/p/3' }, ['/p/3', '/p/2', '/p/1'], false],
      [{ order: 'descending', from: '/p/3', limit: 3 }, ['/p/3', '/p/2', '/p/1'], false],
      [{ order: 'descending', from: '/p/25' }, ['/p/2', '/p/1'], false],
      [{ order: 'descending', from: '/q' }, all.toReversed(), false],
      [{ order: 'descending', from: '/p/' }, [], false],
      [{ order: 'descending', from: '/a' }, [], false],
    ];
    const { revision } = await store.range('');
    for (const [options, keys, more] of cases) {
      const range = await store.range('/p/', options);
      const name = JSON.stringify(options);
      t.strictSame(keysOf(range), keys, name);
      t.equal(range.more, more, `${name}: more`);
      t.equal(range.revision, revision, `${name}: revision`);
    }
    t.equal((await store.range('/none')).entries.length, 0);
    t.equal((await store.range('')).entries.length, 9, 'the empty prefix is everything');
  });

  check(
    'a range without a limit is cut at 1,000, and can be paged through while others write',
    async (t, { store }) => {
      for (let block = 0; block < 25; block += 1)
        await store.txn(
          [],
          Array.from({ length: 100 }, (_, i) => ({
            put: `/many/${String(block * 100 + i).padStart(6, '0')}`,
            value: { block, i },
          })),
        );
      const first = await store.range('/many/');
      t.equal(first.entries.length, 1_000);
      t.ok(first.more);
      const seen: string[] = [];
      for (let from: string | undefined; ; ) {
        const page = await store.range('/many/', from === undefined ? { limit: 400 } : { limit: 400, from });
        seen.push(...keysOf(page));
        if (!page.more) break;
        from = `${page.entries.at(-1)?.key}\0`;
        await put(t, store, '/elsewhere', seen.length);
      }
      t.equal(seen.length, 2_500);
      t.strictSame(seen, seen.toSorted());
    },
  );

  check('values of every JSON kind come back as they were, and are copies', async (t, { store }) => {
    const values: Json[] = [
      null,
      true,
      false,
      0,
      -1.5,
      1e300,
      Number.MAX_SAFE_INTEGER,
      '',
      'Grüße, 世界 🖨',
      '\u0000\u0001\u2028\ud800',
      [],
      {},
      [null, [[]], { a: [{}] }],
      { '': 1, __proto__x: 2, 'key with "quotes"': [1, '2', null] },
    ];
    for (const [index, value] of values.entries()) {
      await put(t, store, `/value/${index}`, value);
      t.strictSame((await store.get(`/value/${index}`))?.value, value, `value ${index}`);
    }
    await put(t, store, '/undefined', { a: 1, b: undefined });
    t.strictSame((await store.get('/undefined'))?.value, { a: 1 }, 'undefined members are left out');
    const mine = { list: [1] };
    const revision = await put(t, store, '/mine', mine);
    mine.list.push(2);
    const theirs = (await store.get('/mine'))?.value as { list: number[] };
    theirs.list.push(3);
    t.strictSame((await store.get('/mine'))?.value, { list: [1] });
    const [batch] = await take(store, '/mine', revision, 1);
    t.strictSame(batch, [{ kind: 'put', entry: { key: '/mine', value: { list: [1] }, revision } }]);
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), async (value) => {
        await store.txn([], [{ put: '/any', value }]);
        assert.deepEqual((await store.get('/any'))?.value, JSON.parse(JSON.stringify(value)));
      }),
      { numRuns: 50 },
    );
  });

  check('revisions strictly increase, and a read sees what was committed before it', async (t, { store }) => {
    let last = 0;
    for (let i = 0; i < 50; i += 1) {
      const revision = await put(t, store, `/r/${i % 7}`, i);
      t.ok(revision > last);
      last = revision;
      const [entry, range] = await Promise.all([store.get(`/r/${i % 7}`), store.range('/r/')]);
      t.equal(entry?.value, i);
      t.ok(range.revision >= revision);
    }
    const revisions = (await Promise.all(Array.from({ length: 30 }, (_, i) => put(t, store, `/par/${i}`, i)))).toSorted(
      (a, b) => a - b,
    );
    t.equal(new Set(revisions).size, 30, 'parallel transactions have revisions of their own');
    t.ok((revisions[0] ?? 0) > last);
  });

  checkWith(
    implementation.secondHandle,
    'a second handle sees a transaction as soon as it resolved',
    async (t, opened, open) => {
      const other = await open(opened);
      for (let i = 0; i < 50; i += 1) {
        const revision = await put(t, opened.store, '/seen', i);
        t.strictSame(await other.get('/seen'), { key: '/seen', value: i, revision });
        t.ok((await other.range('')).revision >= revision);
      }
    },
  );

  check('keys, ranges and revisions agree with a sorted list', async (t, { store }) => {
    const key = fc
      .array(fc.constantFrom('a', 'b', '/', '\0', '~', 'ü', '\uffff', '😀', '\ue000'), { minLength: 1, maxLength: 4 })
      .map((parts) => `/model/${parts.join('')}`);
    const step = fc.oneof(
      fc.record({ kind: fc.constant('put' as const), keys: fc.uniqueArray(key, { minLength: 1, maxLength: 3 }) }),
      fc.record({ kind: fc.constant('delete' as const), keys: fc.uniqueArray(key, { minLength: 1, maxLength: 2 }) }),
      fc.record({
        kind: fc.constant('range' as const),
        prefix: key.map((text) => text.slice(0, -1)).filter((text) => text === Buffer.from(text).toString()),
        from: fc.option(key, { nil: undefined }),
        limit: fc.integer({ min: 1, max: 5 }),
        order: fc.constantFrom('ascending' as const, 'descending' as const),
      }),
    );
    const octets = (a: string, b: string): number => Buffer.from(a).compare(Buffer.from(b));
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const old = keysOf(await store.range('/model/'));
        await store.txn(
          [],
          old.map((key) => ({ delete: key })),
        );
        const model = new Map<string, number>();
        for (const step of steps) {
          if (step.kind === 'range') {
            const { prefix, from, limit, order } = step;
            const sorted = [...model.keys()].filter((key) => key.startsWith(prefix)).toSorted(octets);
            const forward = order === 'ascending' ? sorted : sorted.toReversed();
            const wanted = forward.filter(
              (key) => from === undefined || (order === 'ascending' ? octets(key, from) >= 0 : octets(key, from) <= 0),
            );
            const range = await store.range(prefix, { limit, order, ...(from === undefined ? {} : { from }) });
            assert.deepEqual(keysOf(range), wanted.slice(0, limit));
            assert.equal(range.more, wanted.length > limit);
            for (const entry of range.entries) assert.equal(entry.revision, model.get(entry.key));
            continue;
          }
          const changes = step.keys.map(
            (key): Change => (step.kind === 'put' ? { put: key, value: key } : { delete: key }),
          );
          const revision = committed(t, await store.txn([], changes));
          for (const key of step.keys)
            if (step.kind === 'put') model.set(key, revision);
            else model.delete(key);
        }
      }),
      { numRuns: 60 },
    );
  });

  check('a watch gives the past and then the future, one batch per transaction, in order', async (t, { store }) => {
    const one = await put(t, store, '/w/a', 1);
    const two = committed(
      t,
      await store.txn([], [{ put: '/w/b', value: 2 }, { put: '/elsewhere', value: 0 }, { delete: '/w/a' }]),
    );
    await put(t, store, '/elsewhere', 1);
    const watching = take(store, '/w/', one, 3);
    const past = await take(store, '/w/', two, 1);
    const three = await put(t, store, '/w/c', 3);
    const batches = await watching;
    const byKey = (a: WatchEvent, b: WatchEvent): number => keyOf(a).localeCompare(keyOf(b));
    const second: WatchEvent[] = [
      { kind: 'delete', key: '/w/a', revision: two },
      { kind: 'put', entry: { key: '/w/b', value: 2, revision: two } },
    ];
    t.strictSame(
      batches.map((batch) => batch.toSorted(byKey)),
      [
        [{ kind: 'put', entry: { key: '/w/a', value: 1, revision: one } }],
        second,
        [{ kind: 'put', entry: { key: '/w/c', value: 3, revision: three } }],
      ],
    );
    t.strictSame(past[0]?.toSorted(byKey), second, 'from the second revision on');
  });

  check('a watch from a revision that is yet to come starts there', async (t, { store }) => {
    const now = await put(t, store, '/w', 0);
    const watching = take(store, '/w', now + 3, 2);
    for (let i = 1; i <= 4; i += 1) await put(t, store, '/w', i);
    const values = (await watching).flat().map((event) => (event.kind === 'put' ? event.entry.value : undefined));
    t.strictSame(values, [3, 4]);
  });

  check('a watch that follows a range misses nothing while many write', async (t, { store }) => {
    await put(t, store, '/w/start', 0);
    const { revision } = await store.range('/w/');
    const watching = take(store, '/w/', revision + 1, 60);
    const revisions = await Promise.all(Array.from({ length: 60 }, (_, i) => put(t, store, `/w/${i}`, i)));
    const seen = (await watching).map(([event]) => (event?.kind === 'put' ? event.entry.revision : -1));
    t.strictSame(
      seen,
      revisions.toSorted((a, b) => a - b),
    );
  });

  check('a signal ends a watch, before it began, while it waits and while it gives', async (t, { store }) => {
    const revision = await put(t, store, '/w', 0);
    const ended = AbortSignal.abort();
    for await (const _ of store.watch('/w', revision, ended)) t.fail('nothing is given');
    const waiting = new AbortController();
    const silent = (async () => {
      for await (const _ of store.watch('/w', revision + 1, waiting.signal)) t.fail('nothing is given');
    })();
    await store.get('/w');
    waiting.abort();
    await silent;
    const giving = new AbortController();
    await put(t, store, '/w', 1);
    let given = 0;
    for await (const _ of store.watch('/w', revision, giving.signal)) {
      given += 1;
      giving.abort();
    }
    t.equal(given, 1);
  });

  check(
    'a watch from a revision that is no longer kept says so, and one from the range on works',
    async (t, { store }) => {
      const first = await put(t, store, '/w', 'first');
      for (let i = 0; i < 300; i += 1) await put(t, store, '/w', i);
      await t.rejects(take(store, '/w', first, 1), { name: 'PlatenError', code: 'store-compacted' });
      const { entries, revision } = await store.range('/w');
      t.equal(entries[0]?.value, 299);
      const watching = take(store, '/w', revision + 1, 1);
      await put(t, store, '/w', 'on');
      t.equal((await watching).length, 1);
    },
  );

  check('after close every call says that the store is unreachable, and watches end so', async (t, { store }) => {
    const revision = await put(t, store, '/a', 1);
    const watching = take(store, '/a', revision + 1, 1);
    watching.catch(() => undefined);
    const last = store.txn([], [{ put: '/b', value: 2 }]);
    await store.close();
    t.equal((await last).outcome, 'committed', 'what was asked before is carried out');
    await isUnreachable(t, watching, 'a waiting watch');
    await isUnreachable(t, store.get('/a'), 'get');
    await isUnreachable(t, store.range('/'), 'range');
    await isUnreachable(t, store.txn([], [{ put: '/a', value: 2 }]), 'txn');
    await isUnreachable(t, take(store, '/', 1, 1), 'watch');
    await store.close();
  });

  checkWith(
    implementation.reopen,
    'after opening again everything is there and revisions go on',
    async (t, opened, reopen) => {
      const { store } = opened;
      for (let i = 0; i < 20; i += 1) await put(t, store, `/kept/${i}`, { i });
      await store.txn([], [{ delete: '/kept/3' }]);
      const before = await store.range('');
      const again = await reopen(opened);
      t.strictSame(await again.range(''), before);
      t.ok((await put(t, again, '/next', 1)) > before.revision);
      const [batch] = await take(again, '/next', before.revision + 1, 1);
      t.equal(batch?.length, 1, 'a watch goes on after the revision that was read before');
    },
  );

  checkWith(
    implementation.outage,
    'an unreachable store throws the one error, at reads and writes',
    async (t, opened, cut) => {
      const { store } = opened;
      const revision = await put(t, store, '/a', 1);
      const watching = take(store, '/a', revision + 1, 1);
      watching.catch(() => undefined);
      await cut(opened);
      await isUnreachable(t, store.get('/a'), 'get');
      await isUnreachable(t, store.range('/'), 'range');
      await isUnreachable(t, store.txn([], [{ put: '/a', value: 2 }]), 'txn');
      await isUnreachable(t, watching, 'a waiting watch');
      t.ok(await store.get('/a').catch((error: unknown) => error instanceof PlatenError && error.kind.retriable));
    },
  );

  for (const made of [true, false])
    checkWith(
      implementation.unknownOutcome,
      `an unknown outcome is a value, and the transaction is found ${made ? 'made' : 'not made'} afterwards`,
      async (t, opened, disturb) => {
        await put(t, opened.store, '/before', 1);
        await disturb(opened, made);
        const result = await opened.store.txn(
          [],
          [{ put: '/x', value: 1 }, { put: '/y', value: 2 }, { delete: '/before' }],
        );
        t.equal(result.outcome, 'unknown');
        t.ok('cause' in result && result.cause instanceof Error);
        if (typeof implementation.reopen !== 'function') return;
        const again = await implementation.reopen(opened);
        t.strictSame(keysOf(await again.range('')), made ? ['/x', '/y'] : ['/before']);
      },
    );
};

const keyOf = (event: WatchEvent): string => (event.kind === 'put' ? event.entry.key : event.key);
