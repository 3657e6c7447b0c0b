// What the store asks of a gateway and makes of its answers; the gateway is scripted and time is the test's own.

import type { Test } from 'tap';
import t from 'tap';
import { openEtcdStore, type EtcdStoreOptions } from '../../../lib/store/etcd/etcd-store.js';
import { FakeClock } from '../../support/fake-clock.js';
import { type Asked, header, type ScriptedGateway, startGateway } from '../../support/gateway.js';

const open = (t: Test, gateways: readonly { endpoint: string }[], options: Partial<EtcdStoreOptions> = {}) => {
  const clock = new FakeClock();
  const store = openEtcdStore({ endpoints: gateways.map(({ endpoint }) => endpoint), clock, ...options });
  t.teardown(() => store.close());
  return { store, clock };
};

/** Ports at which nothing listens, nor will. */
const nobody = [{ endpoint: 'http://127.0.0.1:1' }, { endpoint: 'http://127.0.0.1:2' }] as const;
const put = { put: '/k', value: 1 } as const;
const answersTxn = (asked: Asked): void => asked.answer({ header: header(7), succeeded: true });
const answersRange = (asked: Asked): void => asked.answer({ header: header(7), count: '0' });
const refuses =
  (error: string, code: number, status = 503) =>
  (asked: Asked): void =>
    asked.answer({ error, message: error, code }, status);

/** Lets real sockets work until the condition holds. */
const eventually = async (holds: () => boolean): Promise<void> => {
  for (let turn = 0; !holds(); turn += 1) {
    if (turn > 5_000) throw new Error('it never holds');
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
};
const asks = (gateway: ScriptedGateway, count: number) => eventually(() => gateway.asked.length >= count);

t.test('endpoints: plain http leaves the machine only when that is said', async (t) => {
  const cases: [string, boolean, boolean][] = [
    ['http://127.0.0.1:2379', false, true],
    ['http://127.9.9.9:2379', false, true],
    ['http://[::1]:2379', false, true],
    ['http://localhost:2379', false, true],
    ['https://etcd.example:2379', false, true],
    ['http://10.0.0.1:2379', false, false],
    ['http://127.0.0.1.example:2379', false, false],
    ['http://localhost.example:2379', false, false],
    ['http://[::ffff:10.0.0.1]:2379', false, false],
    ['http://10.0.0.1:2379', true, true],
    ['ftp://127.0.0.1', true, false],
    ['127.0.0.1:2379', true, false],
    ['http://127.0.0.1:2379/v2', true, false],
    ['', true, false],
  ];
  for (const [endpoint, insecure, allowed] of cases) {
    const opening = (): unknown => openEtcdStore({ endpoints: [endpoint], insecure });
    if (allowed) t.doesNotThrow(opening, endpoint);
    else t.throws(opening, RangeError, endpoint);
  }
  t.throws(() => openEtcdStore({ endpoints: [] }), RangeError);
});

t.test('no read is asked to be serializable, and a transaction that only compares carries a range', async (t) => {
  const gateway = await startGateway(t, (asked) => (asked.path.endsWith('txn') ? answersTxn : answersRange)(asked));
  const { store } = open(t, [gateway]);
  await store.get('/k');
  await store.range('/k', { order: 'descending', from: '/kk', limit: 3 });
  await store.range('/k', { from: '/z' });
  await store.txn([{ key: '/k', revision: 3 }], [put]);
  await store.txn([{ key: '/k', revision: 3 }], []);
  t.notMatch(JSON.stringify(gateway.asked.map(({ body }) => body)), 'serializable');
  t.match(gateway.asked.at(-1)?.body, { failure: [{ request_range: {} }] });
});

t.test('at most 64 calls are under way, the others wait; a second store does not wait for them', async (t) => {
  const gateway = await startGateway(t);
  const { store } = open(t, [gateway]);
  const { store: urgent } = open(t, [gateway]);
  const jobs = Array.from({ length: 200 }, () => store.txn([], [put]));
  await asks(gateway, 64);
  const renewal = urgent.txn([], [{ put: '/renewal', value: 1 }]);
  await asks(gateway, 65);
  t.equal(gateway.asked.length, 65, 'the renewal is the only one that came through');
  gateway.asked.forEach(answersTxn);
  t.equal((await renewal).outcome, 'committed');
  for (let seen = 65; seen < 201; ) {
    await asks(gateway, Math.min(201, seen + 64));
    gateway.asked.slice(seen).forEach(answersTxn);
    seen = gateway.asked.length;
  }
  t.ok((await Promise.all(jobs)).every(({ outcome }) => outcome === 'committed'));
});

t.test('calls that wait too long for their turn say so, and were not made', async (t) => {
  const gateway = await startGateway(t);
  const { store, clock } = open(t, [gateway], { inFlight: 1, tryMs: 400, callMs: 400 });
  const first = store.txn([], [put]);
  const second = store.txn([], [put]);
  const refused = t.rejects(second, { code: 'store-unreachable', message: /1 calls were before/ });
  await asks(gateway, 1);
  await clock.advance(250);
  await refused;
  gateway.asked.forEach(answersTxn);
  t.equal((await first).outcome, 'committed');
  t.equal(gateway.asked.length, 1);
});

t.test('a transaction goes on to the next member only if the first certainly did not make it', async (t) => {
  const cases: [string, (asked: Asked) => void, boolean][] = [
    ['no leader', refuses('etcdserver: no leader', 14), true],
    ['too many requests', refuses('etcdserver: too many requests', 8), true],
    ['a dropped proposal', refuses('raft proposal dropped', 2), true],
    ['no permission', refuses('etcdserver: permission denied', 7, 403), true],
    ['timed out', refuses('etcdserver: request timed out', 14), false],
    ['leader lost', refuses('etcdserver: request timed out, possibly due to previous leader failure', 14), false],
    ['stopped', refuses('etcdserver: server stopped', 14), false],
    ['quota passed', refuses('etcdserver: mvcc: database space exceeded', 8, 429), false],
    ['not etcd', (asked) => asked.answer({}, 502), false],
    ['not JSON', (asked) => asked.answer([], 500), false],
  ];
  for (const [name, refuse, goesOn] of cases) {
    const first = await startGateway(t, refuse);
    const second = await startGateway(t, answersTxn);
    const { store } = open(t, [first, second]);
    const result = await store.txn([], [put]);
    t.equal(result.outcome, goesOn ? 'committed' : 'unknown', name);
    t.equal(second.asked.length, goesOn ? 1 : 0, name);
    if (!goesOn) t.ok('cause' in result && result.cause instanceof Error);
  }
});

t.test("what no member would take is its caller's mistake, and no member is blamed", async (t) => {
  for (const message of ['request is too large', 'too many operations in txn request', 'duplicate key given in txn']) {
    const first = await startGateway(t, refuses(`etcdserver: ${message}`, 3, 400));
    const second = await startGateway(t);
    const { store } = open(t, [first, second]);
    await t.rejects(store.txn([], [put]), RangeError);
    await t.rejects(store.txn([], [put]), RangeError);
    t.equal(first.asked.length, 2);
    t.equal(second.asked.length, 0);
  }
});

t.test('a member that refuses connections costs nothing: the next one gets the transaction', async (t) => {
  const second = await startGateway(t, answersTxn);
  const { store } = open(t, [nobody[0], second]);
  t.equal((await store.txn([], [put])).outcome, 'committed');
});

t.test(
  'a read that a member does not answer in time goes to the next; a transaction is unknown, and the next call goes elsewhere',
  async (t) => {
    const silent = await startGateway(t);
    const second = await startGateway(t, (asked) => (asked.path.endsWith('txn') ? answersTxn : answersRange)(asked));
    const { store, clock } = open(t, [silent, second]);
    const reading = store.get('/k');
    await asks(silent, 1);
    await clock.advance(399);
    t.equal(second.asked.length, 0, 'it has 400 ms');
    await clock.advance(1);
    t.equal(await reading, undefined);

    const third = await startGateway(t);
    const { store: other, clock: otherClock } = open(t, [third, second]);
    const writing = other.txn([], [put]);
    await asks(third, 1);
    await otherClock.advance(400);
    const result = await writing;
    t.equal(result.outcome, 'unknown');
    t.match('cause' in result ? result.cause : undefined, { message: /no answer within 400 ms/ });
    const before = second.asked.length;
    t.equal((await other.txn([], [put])).outcome, 'committed', 'without another wait');
    t.equal(second.asked.length, before + 1);
  },
);

t.test('a member that failed is asked again when it answers a probe', async (t) => {
  let works = false;
  const first = await startGateway(t, (asked) => (works ? answersRange : refuses('etcdserver: no leader', 14))(asked));
  const second = await startGateway(t, answersRange);
  const { store, clock } = open(t, [first, second]);
  await store.get('/k');
  t.equal(second.asked.length, 1);
  await clock.advance(500);
  await asks(first, 2);
  await store.get('/k');
  t.equal(second.asked.length, 2, 'its probe failed');
  works = true;
  await clock.advanceUntil(() => first.asked.length >= 3, { realMs: 1 });
  await eventually(() => clock.pending === 0);
  const before = second.asked.length;
  await store.get('/k');
  t.equal(second.asked.length, before);
});

t.test('when nobody answers, reads and writes end with the one error at their deadline', async (t) => {
  const { store, clock } = open(t, nobody);
  const calls: (() => Promise<unknown>)[] = [() => store.get('/k'), () => store.range('/'), () => store.txn([], [put])];
  for (const call of calls) {
    const start = clock.monotonic();
    let ended = false;
    const refused = t.rejects(
      call().finally(() => {
        ended = true;
      }),
      { name: 'PlatenError', code: 'store-unreachable' },
    );
    await clock.advanceUntil(() => ended, { stepMs: 10, realMs: 1 });
    await refused;
    t.ok(clock.monotonic() - start <= 1_210, `after ${clock.monotonic() - start} ms`);
  }
});

t.test('answers of another cluster are not believed', async (t) => {
  let leads = true;
  const noLeader = refuses('etcdserver: no leader', 14);
  const first = await startGateway(t, (asked) => (leads ? answersTxn : noLeader)(asked));
  const foreign = await startGateway(t, (asked) => asked.answer({ header: header(9, '2'), succeeded: true }));
  const { store, clock } = open(t, [first, foreign], { callMs: 400 });
  t.equal((await store.txn([], [put])).outcome, 'committed');
  leads = false;
  const refused = t.rejects(store.get('/k'), { code: 'store-unreachable' });
  await asks(foreign, 1);
  await clock.advanceUntil(() => clock.monotonic() >= 500, { realMs: 1 });
  await refused;
});

t.test('a long range is read in pages at one revision, and from the start again when that was compacted', async (t) => {
  const text = Buffer.from('"x"').toString('base64');
  const kv = (i: number) => ({
    key: Buffer.from(`/p/${String(i).padStart(4, '0')}`).toString('base64'),
    mod_revision: '5',
    value: text,
  });
  let compacted = true;
  const gateway = await startGateway(t, (asked) => {
    const { key, limit, revision } = asked.body as { key: string; limit: string; revision?: string };
    if (revision !== undefined && compacted) {
      compacted = false;
      asked.answer({ error: 'etcdserver: mvcc: required revision has been compacted', code: 11 }, 400);
      return;
    }
    const from = Number(/\d+/.exec(Buffer.from(key, 'base64').toString())?.[0] ?? -1) + 1;
    const count = Math.min(Number(limit), 300 - from);
    const kvs = Array.from({ length: count }, (_, i) => kv(from + i));
    asked.answer({ header: header(50), kvs, more: from + count < 300 });
  });
  const { store } = open(t, [gateway]);
  const { entries, revision, more } = await store.range('/p/', { limit: 250 });
  t.equal(entries.length, 250);
  t.strictSame([entries[0]?.key, entries.at(-1)?.key, revision, more], ['/p/0000', '/p/0249', 50, true]);
  t.strictSame(
    gateway.asked.map(({ body }) => [body['limit'], body['revision']]),
    [
      ['64', undefined],
      ['186', '50'],
      ['64', undefined],
      ['186', '50'],
    ],
  );
});
