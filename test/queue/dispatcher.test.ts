import type { Test } from 'tap';
import t from 'tap';
import { PlatenError } from '../../lib/errors.js';
import type { Outcome } from '../../lib/model/outcome.js';
import { keys } from '../../lib/store/keys.js';
import { FakeClock } from '../support/fake-clock.js';
import {
  disturbed,
  jobIs,
  jobUntil,
  noStrayRejections,
  openJob,
  sendDocument,
  StagedPort,
  submitJob,
} from '../support/queue.js';
import { startTestSpooler, type TestSpoolerOptions } from '../support/spooler.js';

const box = (last: number, port = 9100): string => `socket://192.0.2.${last}:${port}`;
const refused: Partial<Outcome> = {
  result: 'unreachable',
  evidence: 'not-started',
  detail: 'no route to host',
  bytes: 0,
};
const reset: Partial<Outcome> = { result: 'interrupted', evidence: 'partial', detail: 'reset', bytes: 1 };

const staged = async (t: Test, options: TestSpoolerOptions = {}) => {
  noStrayRejections(t);
  const port = new StagedPort();
  const clock = new FakeClock();
  const parts = await startTestSpooler(t, { clock, ports: { socket: port }, ...options });
  // What is still being sent is cut off by the clock that stands still otherwise.
  t.teardown(async () => {
    const stopped = parts.stop();
    await clock.advance(1_000);
    await stopped;
  });
  /** Lets files and commits happen while fake time stands still. */
  const turns = async (count = 20): Promise<void> => {
    for (let i = 0; i < count; i += 1) await new Promise((resolve) => setTimeout(resolve, 1));
  };
  return { ...parts, port, clock, turns };
};
const jobsOf = (port: StagedPort): number[] => port.attempts.map(({ delivery }) => delivery.job.id);

t.test('one job at a time goes to a device, by priority, then in the order of acceptance', async (t) => {
  const { spooler, port, turns } = await staged(t);
  await spooler.addPrinter({ name: 'demo', deviceUri: box(1) });
  for (const priority of [50, 1, 50, 100]) await submitJob(spooler, { printer: 'demo', priority });
  for (let n = 0; n < 4; n += 1) {
    const attempt = await port.attempt(n);
    await turns(3);
    t.equal(port.attempts.length, n + 1);
    await attempt.begin();
    attempt.end({});
  }
  t.same(jobsOf(port), [1, 4, 3, 2]);
});

t.test('printers on one address take turns by priority and order; a printer per port does not wait', async (t) => {
  const { spooler, port, turns } = await staged(t);
  await spooler.addPrinter({ name: 'a', deviceUri: box(1) });
  await spooler.addPrinter({ name: 'b', deviceUri: box(1, 9101) });
  for (const lane of ['c', 'd']) {
    const deviceUri = box(2, lane === 'c' ? 9100 : 9101);
    await spooler.addPrinter({ name: lane, deviceUri, device: { lock: 'port' } });
  }
  for (const printer of ['a', 'b', 'a', 'b']) await submitJob(spooler, { printer });
  await submitJob(spooler, { printer: 'b', priority: 90 });
  for (const printer of ['c', 'd', 'c']) await submitJob(spooler, { printer });
  await turns();
  t.same(
    jobsOf(port).sort((a, b) => a - b),
    [1, 6, 7],
    'one on the first device, two on the other',
  );
  for (const id of [1, 5, 2, 3, 4]) {
    const turn = port.attempts.findIndex(({ delivery }) => delivery.job.id === id);
    const attempt = await port.attempt(turn < 0 ? port.attempts.length : turn);
    t.equal(attempt.delivery.job.id, id, `job ${id} has its turn`);
    await attempt.begin();
    attempt.end({});
    await turns();
  }
});

t.test(
  'a printer that is off for 10 minutes is tried again for ever and goes on by itself; others do not wait',
  async (t) => {
    const { spooler, port, clock, events, turns } = await staged(t);
    await spooler.addPrinter({ name: 'off', deviceUri: box(1) });
    await spooler.addPrinter({ name: 'on', deviceUri: box(2) });
    const waiting = await submitJob(spooler, { printer: 'off' });
    let off = true;
    let tried = 0;
    let served = 0;
    let printed = 0;
    const serve = async (): Promise<void> => {
      for (; served < port.attempts.length; served += 1) {
        const attempt = port.attempts[served]!;
        if (attempt.target.uri.host === '192.0.2.1') tried += 1;
        if (off && attempt.target.uri.host === '192.0.2.1') attempt.end(refused);
        else {
          await attempt.begin();
          attempt.end({});
        }
      }
    };
    for (let second = 0; second < 600; second += 1) {
      await serve();
      if (second % 60 === 0) {
        const id = await submitJob(spooler, { printer: 'on' });
        const done = jobIs(spooler.jobs, id, 'completed');
        await turns(2);
        await serve();
        await done;
        printed += 1;
      }
      await clock.advance(1_000);
    }
    t.equal(printed, 10);
    t.ok(tried >= 40 && tried <= 50, `${tried} attempts`);
    t.match(spooler.jobs.unfinished(waiting), { state: 'pending', attempts: [], failures: 0 });
    t.match(spooler.lane('off'), { refusal: 'no route to host' });
    off = false;
    const done = jobIs(spooler.jobs, waiting, 'completed');
    await clock.advance(15_000);
    await turns();
    await serve();
    t.match(await done, { attemptCount: 1 });
    await turns();
    await events.settled();
    const codes = (await events.recent(10)).map(({ code }) => code).filter((code) => code.includes('reachable'));
    t.same(codes, ['printer-reachable', 'printer-unreachable'], 'each is told once');
  },
);

t.test(
  'a job that fails maxAttempts times is held, the queue goes on, and a release starts counting anew',
  async (t) => {
    const { spooler, port, clock, events, turns } = await staged(t);
    await spooler.addPrinter({ name: 'demo', deviceUri: box(1), maxAttempts: 3 });
    const poison = await submitJob(spooler, { printer: 'demo' });
    const next = await submitJob(spooler, { printer: 'demo' });
    for (let n = 0; n < 3; n += 1) {
      await clock.advanceUntil(() => port.attempts.length > n, { realMs: 1 });
      await port.attempts[n]!.begin();
      port.attempts[n]!.end(reset);
      await turns(4);
    }
    t.match(await jobIs(spooler.jobs, poison, 'pending-held'), {
      hold: { by: 'attempts' },
      failures: 3,
      attempts: [{ number: 1 }, { number: 2 }, { number: 3, result: 'interrupted' }],
    });
    const fourth = await port.attempt(3);
    t.equal(fourth.delivery.job.id, next);
    await fourth.begin();
    fourth.end({});
    await jobIs(spooler.jobs, next, 'completed');
    await events.settled();
    t.match((await events.recent(1))[0], { code: 'job-held', job: poison });
    t.match(await spooler.control.release(poison), { failures: 0 });
    const fifth = await port.attempt(4);
    await fifth.begin();
    fifth.end({});
    t.match(await jobIs(spooler.jobs, poison, 'completed'), { attemptCount: 4 });
  },
);

t.test('a printer that asks for a password is stopped and says why', async (t) => {
  const { spooler, port, turns } = await staged(t);
  await spooler.addPrinter({ name: 'demo', deviceUri: box(1) });
  const id = await submitJob(spooler, { printer: 'demo' });
  (await port.attempt(0)).end({ result: 'auth-required', evidence: 'not-started', detail: 'wants a password' });
  await turns();
  t.match(spooler.printers.get('demo'), { paused: true, pausedMessage: 'wants a password' });
  t.match(spooler.jobs.unfinished(id), { state: 'pending', failures: 0 });
  t.equal(port.attempts.length, 1);
  await spooler.resumePrinter('demo');
  t.equal((await port.attempt(1)).delivery.job.id, id);
});

t.test('cancel', async (t) => {
  const ready = async (t: Test) => {
    const parts = await staged(t);
    await parts.spooler.addPrinter({ name: 'demo', deviceUri: box(1) });
    const id = await submitJob(parts.spooler, { printer: 'demo' });
    return { ...parts, id, attempt: await parts.port.attempt(0) };
  };
  const by = 'job-canceled-by-user';

  t.test('while calling: the attempt ends and was none', async (t) => {
    const { spooler, id, attempt } = await ready(t);
    t.match(await spooler.control.cancel(id, by), { state: 'canceled', attempts: [] });
    t.ok(attempt.delivery.signal.aborted);
    await t.rejects(attempt.begin(), { code: 'job-not-found' });
  });
  t.test('between the call and the begin', async (t) => {
    const { spooler, id, attempt } = await ready(t);
    const [begun, canceled] = await Promise.allSettled([attempt.begin(), spooler.control.cancel(id, by)]);
    t.match(canceled, { status: 'fulfilled', value: { state: 'canceled' } });
    t.ok(attempt.delivery.signal.aborted, `begin: ${begun.status}`);
  });
  t.test('while sending', async (t) => {
    const { spooler, id, attempt, port, turns } = await ready(t);
    await attempt.begin();
    t.match(await spooler.control.cancel(id, by), {
      state: 'canceled',
      reasons: [by],
      attempts: [{ result: 'canceled', ended: Number }],
    });
    await t.rejects(spooler.control.cancel(id, by), { code: 'job-not-possible' });
    await turns();
    t.equal(port.attempts.length, 1);
  });
  t.test('too late: the printer was quicker', async (t) => {
    const { spooler, id, attempt } = await ready(t);
    await attempt.begin();
    attempt.end({});
    await t.rejects(spooler.control.cancel(id, by), { code: 'job-not-possible' });
    t.match(await spooler.jobs.find(id), { state: 'completed' });
  });
  t.test('while it waits, is held, or is open', async (t) => {
    const { spooler } = await ready(t);
    const waiting = await submitJob(spooler, { printer: 'demo' });
    const held = await submitJob(spooler, { printer: 'demo', holdUntil: 'indefinite' });
    const open = await openJob(spooler, 'demo');
    for (const id of [waiting, held, open]) t.match(await spooler.control.cancel(id, by), { state: 'canceled' });
    await t.rejects(sendDocument(spooler, open, { last: true }), /takes no document/);
    await t.rejects(spooler.control.cancel(4_711, by), { code: 'job-not-found' });
  });
  t.test('while it waits for the next try', async (t) => {
    const { spooler, id, attempt, turns, port, clock } = await ready(t);
    attempt.end(refused);
    await turns();
    t.match(await spooler.control.cancel(id, by), { state: 'canceled' });
    await clock.advance(60_000);
    t.equal(port.attempts.length, 1);
  });
});

t.test('a job that changes while its printer is called is begun as it is now, or not at all', async (t) => {
  const { spooler, port, turns } = await staged(t);
  await spooler.addPrinter({ name: 'demo', deviceUri: box(1) });
  const id = await submitJob(spooler, { printer: 'demo' });
  await port.attempt(0);
  await spooler.control.amend(id, { copies: 5 });
  await t.rejects(port.attempts[0]!.begin(), { code: 'job-not-possible' });
  t.equal((await port.attempt(1)).delivery.copies, 5);
  await spooler.control.hold(id);
  await t.rejects(port.attempts[1]!.begin(), { code: 'job-not-possible' });
  await turns();
  t.equal(port.attempts.length, 2);
  t.match(spooler.jobs.unfinished(id), { state: 'pending-held', attempts: [] });
  await spooler.control.release(id);
  await (await port.attempt(2)).begin();
  await t.rejects(spooler.control.hold(id), { code: 'job-not-possible' });
  await t.rejects(spooler.control.release(id), { code: 'job-not-possible' });
  await t.rejects(spooler.control.amend(id, { copies: 1 }), { code: 'job-not-possible' });
});

t.test('a hold while the printer is called outlives a failure of the call', async (t) => {
  const { spooler, port, turns } = await staged(t);
  await spooler.addPrinter({ name: 'demo', deviceUri: box(1) });
  const id = await submitJob(spooler, { printer: 'demo' });
  const attempt = await port.attempt(0);
  await spooler.control.hold(id);
  attempt.end({ result: 'rejected', evidence: 'not-started', detail: 'no' });
  await turns();
  t.match(spooler.jobs.unfinished(id), { state: 'pending-held', hold: { by: 'client' }, failures: 1 });
});

t.test('pause', async (t) => {
  const ready = async (t: Test) => {
    const parts = await staged(t);
    await parts.spooler.addPrinter({ name: 'demo', deviceUri: box(1) });
    const ids = [
      await submitJob(parts.spooler, { printer: 'demo' }),
      await submitJob(parts.spooler, { printer: 'demo' }),
    ];
    return { ...parts, ids, attempt: await parts.port.attempt(0) };
  };
  t.test('after the current job', async (t) => {
    const { spooler, port, ids, attempt, turns } = await ready(t);
    await attempt.begin();
    await spooler.pausePrinter('demo', { message: 'toner', cutOff: false });
    t.match(spooler.printerState(spooler.printers.must('demo')), {
      state: 'processing',
      reasons: ['moving-to-paused'],
    });
    attempt.end({});
    await jobIs(spooler.jobs, ids[0]!, 'completed');
    await turns();
    t.equal(port.attempts.length, 1);
    t.match(spooler.printerState(spooler.printers.must('demo')), { state: 'stopped', message: 'toner' });
    t.ok(await submitJob(spooler, { printer: 'demo' }), 'it goes on accepting');
    await spooler.resumePrinter('demo');
    t.equal((await port.attempt(1)).delivery.job.id, ids[1]);
  });
  t.test('in the middle of the current job', async (t) => {
    const { spooler, port, ids, attempt, turns } = await ready(t);
    await attempt.begin();
    await spooler.pausePrinter('demo', { message: '', cutOff: true });
    t.ok(attempt.delivery.signal.aborted);
    t.match(spooler.jobs.unfinished(ids[0]!), { state: 'pending', failures: 0, attempts: [{ result: 'canceled' }] });
    await turns();
    t.equal(port.attempts.length, 1);
    await spooler.resumePrinter('demo');
    t.equal((await port.attempt(1)).delivery.job.id, ids[0], 'it keeps its place');
  });
  t.test('while calling: no job is begun', async (t) => {
    const { spooler, port, attempt, turns } = await ready(t);
    await spooler.pausePrinter('demo', { message: '', cutOff: false });
    t.ok(attempt.delivery.signal.aborted);
    await turns();
    t.equal(port.attempts.length, 1);
  });
  t.test('a printer may print and not accept', async (t) => {
    const { spooler, ids, attempt } = await ready(t);
    await spooler.changePrinter('demo', { accepting: false });
    await t.rejects(spooler.uploads.admit('demo'), { code: 'printer-not-accepting' });
    t.ok(attempt.delivery.signal.aborted, 'begun anew');
    void ids;
  });
});

t.test('a device that changes while it is called gets nothing; the new one is called', async (t) => {
  const { spooler, port } = await staged(t);
  await spooler.addPrinter({ name: 'demo', deviceUri: box(1) });
  await submitJob(spooler, { printer: 'demo' });
  const first = await port.attempt(0);
  await spooler.changePrinter('demo', { deviceUri: box(2) });
  t.ok(first.delivery.signal.aborted);
  t.equal((await port.attempt(1)).target.uri.host, '192.0.2.2');
});

t.test('a name that leads elsewhere is followed to a free device, and to no device of another group', async (t) => {
  let address = '192.0.2.1';
  const { spooler, port, store, clock, turns } = await staged(t, { resolve: async () => [address] });
  await spooler.addPrinter({ name: 'demo', deviceUri: 'socket://laser.example.org' });
  const { spooler: other } = await startTestSpooler(t, { group: 'other', store });
  await other.addPrinter({ name: 'x', deviceUri: box(2) });
  await submitJob(spooler, { printer: 'demo' });
  const addressesOf = async (n: number) => (await port.attempt(n)).target.addresses;
  const fail = async (n: number, waitMs: number): Promise<void> => {
    (await port.attempt(n)).end(refused);
    await turns();
    await clock.advance(waitMs);
  };
  t.same(await addressesOf(0), ['192.0.2.1']);
  address = '192.0.2.2';
  await fail(0, 1_000);
  t.same(await addressesOf(1), ['192.0.2.1'], 'that one is another group’s');
  address = '192.0.2.3';
  await fail(1, 2_000);
  t.same(await addressesOf(2), ['192.0.2.3']);
  t.notOk(await store.get(keys.device('192.0.2.1')), 'the old one is free');
  t.ok(await store.get(keys.device('192.0.2.3')));
});

t.test('a device that a printer leaves is another group’s only when nothing is sent there any more', async (t) => {
  const { spooler, port, store } = await staged(t);
  await spooler.addPrinter({ name: 'demo', deviceUri: box(1) });
  const id = await submitJob(spooler, { printer: 'demo' });
  const first = await port.attempt(0);
  await first.begin();
  const { spooler: other } = await startTestSpooler(t, { group: 'other', store });
  const add = (): Promise<unknown> =>
    other.addPrinter({ name: 'x', deviceUri: box(1) }).catch((error: unknown) => error);
  let added: Promise<unknown> | undefined;
  // The first moment at which the device is not the printer's any more.
  spooler.printers.onChange(() => {
    added ??= add();
  });
  await spooler.changePrinter('demo', { deviceUri: box(2) });
  t.match(await added, { code: 'device-in-use' });
  t.ok(first.delivery.signal.aborted);
  t.match(await add(), { name: 'x' });
  const second = await port.attempt(1);
  t.equal(second.target.uri.host, '192.0.2.2');
  await second.begin();
  second.end({});
  await jobIs(spooler.jobs, id, 'completed');
});

t.test('a printer cannot go while it has jobs, nor a job come to one that went', async (t) => {
  const { spooler, port } = await staged(t);
  await spooler.addPrinter({ name: 'demo', deviceUri: box(1) });
  const id = await submitJob(spooler, { printer: 'demo' });
  await t.rejects(spooler.removePrinter('demo'), { code: 'printer-has-jobs' });
  const attempt = await port.attempt(0);
  await attempt.begin();
  attempt.end({});
  await jobIs(spooler.jobs, id, 'completed');
  const [removed, submitted] = await Promise.allSettled([
    spooler.removePrinter('demo'),
    submitJob(spooler, { printer: 'demo' }),
  ]);
  t.ok(removed.status !== submitted.status, `${removed.status}, ${submitted.status}`);
  if (removed.status === 'rejected') return;
  await t.rejects(spooler.control.restart(id), { code: 'printer-not-found' });
});

t.test('while the store is out of reach the end of a job waits for it, and the next job for that', async (t) => {
  let down = false;
  const { spooler, port, clock, turns } = await staged(t, {
    wrapStore: (store) =>
      disturbed(store, (changed) => {
        if (down && changed.some((key) => key.startsWith(keys.done('print'))))
          throw new PlatenError('store-unreachable');
        return undefined;
      }),
  });
  await spooler.addPrinter({ name: 'demo', deviceUri: box(1) });
  const id = await submitJob(spooler, { printer: 'demo' });
  for (let n = 0; n < 2; n += 1) await submitJob(spooler, { printer: 'demo' });
  const attempt = await port.attempt(0);
  await attempt.begin();
  down = true;
  attempt.end({});
  const next = await port.attempt(1);
  let sends = false;
  const begun = (async () => {
    await next.begin();
    sends = true;
  })();
  for (let n = 0; n < 5; n += 1) await clock.advance(1_000);
  await turns();
  t.match(spooler.jobs.unfinished(id), { state: 'processing' });
  t.notOk(sends, 'the next job may be calling its printer, but sends nothing');
  down = false;
  await clock.advance(1_000);
  await begun;
  t.match(await spooler.jobs.find(id), { state: 'completed', attemptCount: 1 });
  t.equal(port.attempts.length, 2);
});

t.test('the end of a job and the begin of the next are one write when the printer answers at once', async (t) => {
  const writes: number[] = [];
  const { spooler, port } = await staged(t, {
    wrapStore: (store) => ({
      ...disturbed(store, () => undefined),
      txn: async (compares, changes) => {
        const result = await store.txn(compares, changes);
        writes.push(await store.get(keys.job('print', 2)).then((entry) => entry?.revision ?? 0));
        return result;
      },
    }),
  });
  await spooler.addPrinter({ name: 'demo', deviceUri: box(1) });
  for (let n = 0; n < 2; n += 1) await submitJob(spooler, { printer: 'demo' });
  const first = await port.attempt(0);
  await first.begin();
  writes.length = 0;
  first.end({});
  const second = await port.attempt(1);
  await second.begin();
  const [whenFirstEnded, whenSecondBegan] = writes;
  t.equal(whenFirstEnded, whenSecondBegan, 'the second is on record as begun when the first is as ended');
  t.match(spooler.jobs.unfinished(2), { state: 'processing' });
  await jobIs(spooler.jobs, 1, 'completed');
});

t.test('a job that ends while the next one calls the printer is completed, not canceled', async (t) => {
  const { spooler, port } = await staged(t);
  await spooler.addPrinter({ name: 'demo', deviceUri: box(1) });
  const id = await submitJob(spooler, { printer: 'demo' });
  await submitJob(spooler, { printer: 'demo' });
  const first = await port.attempt(0);
  await first.begin();
  first.end({});
  await port.attempt(1);
  await t.rejects(spooler.control.cancel(id, 'job-canceled-by-user'), { code: 'job-not-possible' });
  t.match(await spooler.jobs.find(id), { state: 'completed' });
  t.equal(port.attempts[1]?.delivery.signal.aborted, false, 'nor is the next one stopped');
});

t.test('the next job of a device does not overtake that of another printer on it', async (t) => {
  const { spooler, port } = await staged(t);
  await spooler.addPrinter({ name: 'a', deviceUri: box(1) });
  await spooler.addPrinter({ name: 'b', deviceUri: box(1, 9101) });
  for (const printer of ['a', 'b', 'a']) await submitJob(spooler, { printer });
  for (let n = 0; n < 3; n += 1) {
    const attempt = await port.attempt(n);
    await attempt.begin();
    attempt.end({});
  }
  t.same(jobsOf(port), [1, 2, 3]);
});

for (const [name, answer, code] of [
  ['is out of reach', 'throws', 'store-unreachable'],
  ['may or may not have written', 'unknown', 'store-outcome-unknown'],
] as const)
  t.test(`nothing is sent when the store ${name} at the begin`, async (t) => {
    let down = false;
    const { spooler, port, clock, turns, server } = await staged(t, {
      wrapStore: (store) =>
        disturbed(store, () => {
          if (!down) return undefined;
          if (answer === 'throws') throw new PlatenError('store-unreachable');
          return { outcome: 'unknown', cause: new Error('no answer') };
        }),
    });
    await spooler.addPrinter({ name: 'demo', deviceUri: box(1) });
    const id = await submitJob(spooler, { printer: 'demo' });
    const attempt = await port.attempt(0);
    down = true;
    const refused = t.rejects(attempt.begin(), { code });
    // An unknown outcome is settled by trying again, for some time.
    if (answer === 'unknown') await clock.advance(11_000);
    await refused;
    await turns();
    t.match(spooler.jobs.unfinished(id), { state: 'pending', attempts: [] });
    down = false;
    await clock.advance(1_000);
    await turns();
    if (answer === 'throws') await (await port.attempt(1)).begin();
    else t.throws(() => server.spooler(), { code: 'not-owner' }, 'the node leaves its duty');
    t.equal(port.attempts.length, answer === 'throws' ? 2 : 1);
  });

t.test('a disk that cannot be read in the middle of a job fails the attempt and not the queue', async (t) => {
  const failing = {
    print: async (_: unknown, delivery: { begin(connection: { sourcePort: number }): Promise<void> }) => {
      await delivery.begin({ sourcePort: 1 });
      throw new PlatenError('spool-failed');
    },
  };
  const { spooler, clock } = await staged(t, { ports: { socket: failing } });
  await spooler.addPrinter({ name: 'demo', deviceUri: box(1), maxAttempts: 2 });
  const id = await submitJob(spooler, { printer: 'demo' });
  await clock.advanceUntil(() => spooler.jobs.unfinished(id)?.state === 'pending-held', { realMs: 1 });
  t.match(spooler.jobs.unfinished(id), { hold: { by: 'attempts' }, attemptCount: 2 });
});

t.test('whoever lost the group puts nothing on record and starts nothing', async (t) => {
  const { spooler, port, turns, store, disown } = await staged(t);
  await spooler.addPrinter({ name: 'demo', deviceUri: box(1) });
  const id = await submitJob(spooler, { printer: 'demo' });
  await submitJob(spooler, { printer: 'demo' });
  const attempt = await port.attempt(0);
  await attempt.begin();
  const before = await store.get(keys.job('print', id));
  disown();
  t.equal(attempt.delivery.mayContinue(), false);
  attempt.end({ result: 'lost-ownership', evidence: 'partial', detail: '' });
  await turns();
  t.same(await store.get(keys.job('print', id)), before);
  t.equal(port.attempts.length, 1);
  await t.rejects(spooler.control.cancel(id, 'job-canceled-by-user'), { code: 'not-owner' });
});

t.test('stop', async (t) => {
  const ready = async (t: Test) => {
    const parts = await staged(t);
    await parts.spooler.addPrinter({ name: 'demo', deviceUri: box(1) });
    const id = await submitJob(parts.spooler, { printer: 'demo' });
    await submitJob(parts.spooler, { printer: 'demo' });
    return { ...parts, id, attempt: await parts.port.attempt(0) };
  };
  t.test('waits for the document being sent', async (t) => {
    const { spooler, port, clock, id, attempt } = await ready(t);
    await attempt.begin();
    const stopped = spooler.stop(60_000);
    await clock.advance(30_000);
    t.notOk(attempt.delivery.signal.aborted);
    attempt.end({});
    await stopped;
    t.match(await spooler.jobs.find(id), { state: 'completed' });
    t.equal(port.attempts.length, 1);
    t.equal(clock.pending, 0, 'no timer is left');
  });
  t.test('but not for ever', async (t) => {
    const { spooler, clock, id, attempt } = await ready(t);
    await attempt.begin();
    const stopped = spooler.stop(60_000);
    await clock.advance(60_000);
    await stopped;
    t.match(spooler.jobs.unfinished(id), { state: 'pending', failures: 0, attempts: [{ result: 'canceled' }] });
    t.equal(clock.pending, 0, 'no timer is left');
  });
  t.test('does not wait for a printer that is only called, nor for one that is waited for', async (t) => {
    const { spooler, clock, attempt, turns } = await ready(t);
    await spooler.addPrinter({ name: 'off', deviceUri: box(2) });
    await submitJob(spooler, { printer: 'off' });
    await turns();
    await spooler.stop(60_000);
    t.ok(attempt.delivery.signal.aborted);
    t.equal(clock.pending, 0, 'no timer is left');
  });
  t.test('waits for nothing when the group is lost', async (t) => {
    const { spooler, attempt, disown } = await ready(t);
    await attempt.begin();
    disown();
    await spooler.stop(60_000);
    t.ok(attempt.delivery.signal.aborted);
  });
});

t.test('a stall is told once, and ends no attempt', async (t) => {
  const { spooler, port, events, id } = await (async () => {
    const parts = await staged(t);
    await parts.spooler.addPrinter({ name: 'demo', deviceUri: box(1) });
    return { ...parts, id: await submitJob(parts.spooler, { printer: 'demo' }) };
  })();
  const attempt = await port.attempt(0);
  await attempt.begin();
  for (let n = 0; n < 3; n += 1)
    attempt.delivery.progress({ phase: 'stalled', written: 9, drained: 1, detail: 'nothing taken for 60 s' });
  t.match(spooler.printerState(spooler.printers.must('demo')), { reasons: ['timed-out'], message: /60 s/ });
  await events.settled();
  t.equal((await events.recent(10)).filter(({ code }) => code === 'printer-stalled').length, 1);
  attempt.end({});
  await jobUntil(spooler.jobs, id, ({ state }) => state === 'completed');
});
