import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import t, { type Test } from 'tap';
import type { Outcome } from '../../lib/model/outcome.js';
import { systemClock, type Clock } from '../../lib/platform/clock.js';
import { silentLog } from '../../lib/platform/log.js';
import { RawPort } from '../../lib/ports/raw-port.js';
import { ProcTcpWitness, type TcpWitness } from '../../lib/ports/tcp-witness.js';
import { delivery, document, octets, print, sha256, type TestDelivery, target } from '../support/delivery.js';
import { FakeClock } from '../support/fake-clock.js';
import { startPrinterEmulator, type Behaviour } from '../support/printer-emulator.js';

const mebibyte = 1 << 20;
const patient = 1_000_000_000;

const port = new RawPort({ clock: systemClock, log: silentLog });

const printer = async (test: Test, behaviour: Partial<Behaviour> = {}, host = '127.0.0.1') => {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'platen-raw-'));
  const emulator = await startPrinterEmulator({ host, directory, behaviour });
  test.teardown(() => emulator.close());
  return emulator;
};

/** A printer written out by hand, for what the emulator would never do. */
const strange = async (test: Test, server: Server): Promise<string> => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  test.teardown(() => void server.close());
  return `socket://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

const is = (test: Test, { result, evidence }: Outcome, expected: string): void => {
  test.equal(`${result}, ${evidence}`, expected);
};

const until = async (condition: () => boolean): Promise<void> => {
  for (let turn = 0; !condition(); turn += 1) {
    if (turn > 2000) throw new Error('it did not happen within 10 s');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};

/** Runs the clock, with real time for real sockets in between, until the promise is settled. */
const runUntil = async <T>(clock: FakeClock, promise: Promise<T>): Promise<T> => {
  const state = { done: false };
  void promise.finally(() => (state.done = true)).catch(() => {});
  await clock.advanceUntil(() => state.done, { stepMs: 20, realMs: 1, limitMs: patient });
  return promise;
};

/** A source without end, and how much was taken from it. */
const endless = (chunk = Buffer.alloc(65_536, 'x')) => {
  const taken = { bytes: 0 };
  const source = document(async function* () {
    for (;;) {
      taken.bytes += chunk.length;
      yield chunk;
    }
  });
  return { source, taken };
};

t.test('a job arrives octet for octet, and the FIN of the printer confirms it', async (test) => {
  const emulator = await printer(test);
  for (const length of [1, 10_240, 65_537, 5 * mebibyte]) {
    const content = octets(length);
    const what = delivery([document(content)]);
    const outcome = await print(port, emulator.uri, what);
    const job = await emulator.nextJob();
    is(test, outcome, 'delivered, confirmed');
    test.match(job, { length, sha256: sha256(content), whole: true, sourcePort: what.begun[0] });
    test.equal(outcome.bytes, length);
    test.equal(what.begun.length, 1, 'begin is asked once');
    test.ok(what.asked >= Math.ceil(length / 65_536), 'mayContinue is asked before each chunk');
  }
});

t.test('the whole sequence of documents is sent for each copy, on one connection', async (test) => {
  const emulator = await printer(test);
  const [a, b] = [octets(100_000, 1), octets(30_000, 2)];
  const outcome = await print(port, emulator.uri, delivery([document(a), document(b)], { copies: 2 }));
  is(test, outcome, 'delivered, confirmed');
  test.match(await emulator.nextJob(), { length: 260_000, sha256: sha256(a, b, a, b) });
  test.equal(emulator.jobs.length, 1);
});

t.test('an empty job connects, begins and is confirmed', async (test) => {
  const emulator = await printer(test);
  for (const documents of [[], [document('')], [document(''), document('')]]) {
    const what = delivery(documents);
    is(test, await print(port, emulator.uri, what), 'delivered, confirmed');
    test.match(await emulator.nextJob(), { length: 0, whole: true });
    test.equal(what.begun.length, 1);
  }
});

t.test('a printer that refuses connections is unreachable, and nothing has begun', async (test) => {
  const emulator = await printer(test);
  await emulator.behave({ refuse: true });
  const what = delivery([document('x')]);
  const outcome = await print(port, emulator.uri, what);
  is(test, outcome, 'unreachable, not-started');
  test.equal(outcome.detail, 'the printer refuses connections');
  test.same(what.begun, []);
});

t.test('a name that does not resolve is unreachable', async (test) => {
  const outcome = await print(port, 'socket://nowhere.invalid', delivery([document('x')]));
  is(test, outcome, 'unreachable, not-started');
});

t.test('a name that leads to another device than its own gets nothing there', async (test) => {
  const emulator = await printer(test);
  const named = target(emulator.uri.replace('127.0.0.1', 'localhost'));
  const what = delivery([document('x')]);
  const outcome = await port.print({ ...named, addresses: ['192.0.2.1'] }, what);
  is(test, outcome, 'unreachable, not-started');
  test.match(outcome.detail, /leads to .*127\.0\.0\.1.* now, which is not known to be its own/);
  test.same(what.begun, []);
});

t.test('a host that does not answer is unreachable after ten seconds', async (test) => {
  const emulator = await printer(test);
  const bounds: number[] = [];
  // The time-out strikes before the kernel's answer is read: the same as an answer that never comes.
  const hasty: Clock = {
    ...systemClock,
    after: (ms, action) => {
      if (ms > 1_000) {
        bounds.push(ms);
        queueMicrotask(action);
      }
      return () => {};
    },
  };
  const outcome = await print(new RawPort({ clock: hasty, log: silentLog }), emulator.uri, delivery([document('x')]));
  is(test, outcome, 'unreachable, not-started');
  test.equal(outcome.detail, 'the printer does not answer');
  test.ok(
    bounds.every((ms) => ms > 9_900 && ms <= 10_000),
    bounds.join(' '),
  );
});

t.test('a reset in the middle interrupts the attempt', async (test) => {
  const emulator = await printer(test, { resetAfter: mebibyte });
  const outcome = await print(port, emulator.uri, delivery([document(octets(16 * mebibyte))]));
  is(test, outcome, 'interrupted, partial');
  test.match(outcome.detail, /^the printer reset the connection before it had taken everything$/);
  test.match(await emulator.nextJob(), { whole: false });
});

t.test('a reset before the printer is known to have everything interrupts the attempt', async (test) => {
  const content = octets(1000);
  const emulator = await printer(test, { resetAfter: content.length });
  const neverEmpty: TcpWitness = { unacknowledged: () => Promise.resolve(10) };
  const doubtful = new RawPort({ clock: systemClock, log: silentLog, witness: neverEmpty });
  is(test, await print(doubtful, emulator.uri, delivery([document(content)])), 'interrupted, partial');
});

t.test('a reset on the half-close is a delivery without confirmation', async (test) => {
  const emulator = await printer(test, { onHalfClose: 'reset' });
  const content = octets(200_000);
  const outcome = await print(port, emulator.uri, delivery([document(content)]));
  is(test, outcome, 'delivered, sent-unconfirmed');
  test.match(await emulator.nextJob(), { whole: true, sha256: sha256(content) });
});

t.test('a printer that never closes has its job, without confirmation', async (test) => {
  const emulator = await printer(test, { onHalfClose: 'ignore' });
  const content = octets(200_000);
  const outcome = await print(port, emulator.uri, delivery([document(content)]), { confirmAfterMs: 50 });
  is(test, outcome, 'delivered, sent-unconfirmed');
  test.equal(outcome.detail, 'the printer took everything, but did not close the connection');
  test.match(await emulator.nextJob(), { whole: true, sha256: sha256(content) });
});

t.test('paper out before the last octets: the stall is shown within a minute, and the job comes once', async (test) => {
  const emulator = await printer(test, { stopAfter: mebibyte });
  const clock = new FakeClock();
  const watched = new RawPort({ clock, log: silentLog });
  const content = octets(4 * mebibyte);
  const what = delivery([document(content)]);
  const printing = print(watched, emulator.uri, what, { confirmAfterMs: patient });
  await until(() => emulator.state.detectedErrors.includes('noPaper'));
  await clock.advanceUntil(() => what.saw('stalled'), { limitMs: 60_000, realMs: 5 });
  const stalled = what.reports.at(-1);
  test.equal(stalled?.detail, 'the printer has taken nothing for 30 seconds');
  test.ok((stalled?.drained ?? 0) >= mebibyte && (stalled?.drained ?? 0) < content.length, 'some of it is drained');
  const told = what.reports.length;
  await clock.advanceUntil(() => / hours?$/.test(what.reports.at(-1)?.detail ?? ''), {
    stepMs: 2_000,
    limitMs: 36_000_000,
  });
  test.ok(what.reports.length - told < 100, 'an hour of stall is not reported over and over');
  test.equal(emulator.jobs.length, 0, 'an hour ends nothing');
  emulator.resume();
  is(test, await runUntil(clock, printing), 'delivered, confirmed');
  test.match(await emulator.nextJob(), { whole: true, sha256: sha256(content) });
  test.equal(emulator.jobs.length, 1);
  test.not(what.reports.at(-1)?.phase, 'connecting');
});

t.test('all octets in the kernel and none acknowledged is a stall too, not a delivery', async (test) => {
  const emulator = await printer(test);
  const clock = new FakeClock();
  let queued = 5;
  const watched = new RawPort({
    clock,
    log: silentLog,
    witness: { unacknowledged: () => Promise.resolve(queued) },
  });
  const what = delivery([document('small')]);
  const printing = print(watched, emulator.uri, what, { confirmAfterMs: patient });
  await until(() => what.begun.length === 1);
  await clock.advanceUntil(() => what.saw('stalled'), { limitMs: 60_000, realMs: 5 });
  test.equal(emulator.jobs.length, 0, 'no half-close before tx_queue 0');
  queued = 0;
  is(test, await runUntil(clock, printing), 'delivered, confirmed');
});

t.test('progress is told at most four times a second', async (test) => {
  const emulator = await printer(test, { bytesPerSecond: 20 * mebibyte });
  const clock = new FakeClock();
  const watched = new RawPort({ clock, log: silentLog });
  const times: number[] = [];
  const what = delivery([document(octets(8 * mebibyte))], { progress: () => void times.push(clock.monotonic()) });
  is(
    test,
    await runUntil(clock, print(watched, emulator.uri, what, { confirmAfterMs: patient })),
    'delivered, confirmed',
  );
  const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
  test.ok(times.length > 0);
  test.ok(
    gaps.every((gap) => gap >= 250),
    gaps.join(' '),
  );
});

t.test('a slow printer gets everything, and no more is read from the source than the kernel takes', async (test) => {
  const emulator = await printer(test, { stopAfter: 0 });
  const { source, taken } = endless();
  const what = delivery([source]);
  const printing = print(port, emulator.uri, what);
  let before = -1;
  while (taken.bytes !== before) {
    before = taken.bytes;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  test.ok(taken.bytes < 48 * mebibyte, `${taken.bytes} octets read for a printer that reads nothing`);
  what.abort.abort();
  is(test, await printing, 'canceled, partial');
});

t.test('a printer that serves one at a time: the next job waits in flight and comes after the first', async (test) => {
  const emulator = await printer(test, { oneAtATime: true, stopAfter: 10 });
  const [first, second] = [octets(200_000, 1), octets(200_000, 2)];
  const one = print(port, emulator.uri, delivery([document(first)]));
  await until(() => emulator.state.detectedErrors.includes('noPaper'));
  const two = print(port, emulator.uri, delivery([document(second)]));
  await until(() => emulator.connections === 2);
  test.equal(emulator.jobs.length, 0);
  await emulator.behave({ stopAfter: Infinity });
  emulator.resume();
  is(test, await one, 'delivered, confirmed');
  is(test, await two, 'delivered, confirmed');
  test.same(
    emulator.jobs.map((job) => job.sha256),
    [sha256(first), sha256(second)],
  );
});

const stops: readonly [string, (what: TestDelivery) => void, string][] = [
  ['a cancellation', (what) => what.abort.abort(), 'canceled, partial'],
  ['the loss of the group', (what) => void (what.owned = false), 'lost-ownership, partial'],
];

for (const [cause, stop, expected] of stops) {
  t.test(`${cause} stops the octets within two seconds`, async (test) => {
    const emulator = await printer(test, { bytesPerSecond: 2 * mebibyte });
    const { source } = endless();
    const what = delivery([source]);
    const printing = print(port, emulator.uri, what);
    await until(() => emulator.bytesInFlight > 200_000);
    const started = Date.now();
    stop(what);
    is(test, await printing, expected);
    const job = await emulator.nextJob();
    test.ok(Date.now() - started < 2_000, `${Date.now() - started} ms`);
    test.equal(job.whole, false, 'the printer sees a reset, never an end');
  });

  t.test(`${cause} during a stall ends the attempt`, async (test) => {
    const emulator = await printer(test, { stopAfter: 0 });
    const what = delivery([endless().source]);
    const printing = print(port, emulator.uri, what);
    await until(() => what.saw('sending'));
    const started = Date.now();
    stop(what);
    is(test, await printing, expected);
    test.ok(Date.now() - started < 3_000);
    emulator.resume();
    test.equal((await emulator.nextJob()).whole, false);
  });
}

t.test('a job canceled before it starts sends nothing', async (test) => {
  const emulator = await printer(test);
  const what = delivery([document('x')]);
  what.abort.abort();
  is(test, await print(port, emulator.uri, what), 'canceled, not-started');
  test.same(what.begun, []);
});

t.test('a group lost before the first octet begins nothing', async (test) => {
  const emulator = await printer(test);
  const what = delivery([document('x')]);
  what.owned = false;
  is(test, await print(port, emulator.uri, what), 'lost-ownership, not-started');
  test.same(what.begun, []);
  test.match(await emulator.nextJob(), { length: 0, whole: false });
});

t.test('a cancellation while the source hangs does not wait for the source', async (test) => {
  const emulator = await printer(test);
  const hanging = document(async function* () {
    yield Buffer.from('first');
    await new Promise<never>(() => {});
  });
  const what = delivery([hanging]);
  const printing = print(port, emulator.uri, what);
  await until(() => emulator.bytesInFlight === 5);
  what.abort.abort();
  is(test, await printing, 'canceled, partial');
});

t.test('a cancellation after the last octet was acknowledged takes nothing back', async (test) => {
  const emulator = await printer(test, { onHalfClose: 'ignore' });
  const what = delivery([document('done')]);
  const printing = print(port, emulator.uri, what, { confirmAfterMs: 60_000 });
  await until(() => emulator.jobs.length === 1);
  what.abort.abort();
  is(test, await printing, 'delivered, sent-unconfirmed');
});

t.test('a failing source is never a delivery: the printer sees a reset and the error comes out', async (test) => {
  const emulator = await printer(test);
  const failing = document(async function* () {
    yield Buffer.from('half of it');
    throw new Error('the disk is gone');
  });
  await test.rejects(print(port, emulator.uri, delivery([failing])), { message: 'the disk is gone' });
  test.equal((await emulator.nextJob()).whole, false);
  const unopenable = document(() => {
    throw new Error('no such document');
  });
  await test.rejects(print(port, emulator.uri, delivery([document('a'), unopenable])), { message: 'no such document' });
  test.equal((await emulator.nextJob()).whole, false);
});

t.test('when the attempt cannot be put on record no octet is sent', async (test) => {
  const emulator = await printer(test);
  const what = delivery([document('x')], { begin: () => Promise.reject(new Error('no store')) });
  await test.rejects(print(port, emulator.uri, what), { message: 'no store' });
  test.match(await emulator.nextJob(), { length: 0, whole: false });
});

t.test('PJL job ends confirm where there is no half-close', async (test) => {
  const emulator = await printer(test);
  const wrapped = Buffer.from(
    '\x1b%-12345X@PJL USTATUS JOB = ON\r\n@PJL JOB NAME = "x"\r\n@PJL ENTER LANGUAGE = PCL\r\nhello\f\x1b%-12345X@PJL EOJ NAME = "x"\r\n\x1b%-12345X',
  );
  const outcome = await print(port, emulator.uri, delivery([document(wrapped)], { copies: 2 }), {
    halfClose: false,
    confirmAfterMs: 10_000,
  });
  is(test, outcome, 'delivered, confirmed');
  test.equal(outcome.detail, 'the printer reported the end of the job');
  test.match(await emulator.nextJob(), { sha256: sha256(wrapped, wrapped) });
  is(
    test,
    await print(port, emulator.uri, delivery([document('plain')]), { halfClose: false, confirmAfterMs: 30 }),
    'delivered, sent-unconfirmed',
  );
});

t.test('without /proc nothing is confirmed, and the detail says why', async (test) => {
  const emulator = await printer(test);
  const blind = new RawPort({ clock: systemClock, log: silentLog, witness: new ProcTcpWitness('/nowhere') });
  const outcome = await print(blind, emulator.uri, delivery([document('x')]));
  is(test, outcome, 'delivered, sent-unconfirmed');
  test.match(outcome.detail, /kernel cannot tell/);
});

t.test('a FIN that comes first stops nothing and confirms nothing', async (test) => {
  let received = 0;
  const uri = await strange(
    test,
    createServer({ allowHalfOpen: true }, (socket) => {
      socket.end();
      socket.on('data', (chunk) => (received += chunk.length)).on('error', () => {});
    }),
  );
  const late = document(async function* () {
    yield Buffer.alloc(1000);
    await new Promise((resolve) => setTimeout(resolve, 50));
    yield Buffer.alloc(500_000);
  });
  is(test, await print(port, uri, delivery([late])), 'delivered, sent-unconfirmed');
  await until(() => received === 501_000);
});

t.test('a printer that closes for good while we send interrupts the attempt', async (test) => {
  const uri = await strange(
    test,
    createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => socket.destroy());
    }),
  );
  is(test, await print(port, uri, delivery([document(octets(16 * mebibyte))])), 'interrupted, partial');
});

t.test('a reset right behind a status message is not taken for a FIN', async (test) => {
  const says = '@PJL USTATUS DEVICE\r\nCODE=10001\r\n\f';
  const afterwards = await strange(
    test,
    createServer({ allowHalfOpen: true }, (socket) => {
      socket.on('error', () => {}).resume();
      socket.on('end', () => socket.write(says, () => socket.resetAndDestroy()));
    }),
  );
  const before = await strange(
    test,
    createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => socket.pause().write(says, () => socket.resetAndDestroy()));
    }),
  );
  for (let round = 0; round < 20; round += 1) {
    is(test, await print(port, afterwards, delivery([document('x')])), 'delivered, sent-unconfirmed');
    is(test, await print(port, before, delivery([document(octets(16 * mebibyte))])), 'interrupted, partial');
  }
});

t.test('garbage on the back-channel is read and forgotten', async (test) => {
  const garbage = Buffer.alloc(mebibyte, '\x00@PJL USTATUS DEVICE\r\nCODE=1\r\n');
  const uri = await strange(
    test,
    createServer({ allowHalfOpen: true }, (socket) => {
      for (let times = 0; times < 20; times += 1) socket.write(garbage);
      socket.on('error', () => {}).on('end', () => socket.end());
      socket.resume();
    }),
  );
  const before = process.memoryUsage().rss;
  is(test, await print(port, uri, delivery([document(octets(mebibyte))])), 'delivered, confirmed');
  test.ok(process.memoryUsage().rss - before < 200 * mebibyte);
});

t.test('what the printer says about itself reaches the progress without control characters', async (test) => {
  const uri = await strange(
    test,
    createServer((socket) => {
      socket.on('error', () => {}).resume();
      socket.write('@PJL USTATUS DEVICE\r\nCODE=40021\r\nDISPLAY="COVER\x1b[31m OPEN"\r\nONLINE=FALSE\r\n\f');
    }),
  );
  const what = delivery([endless().source]);
  const printing = print(port, uri, what);
  await until(() => what.reports.some((report) => report.detail !== ''));
  test.equal(what.reports.at(-1)?.detail, 'the printer says: COVER[31m OPEN (40021)');
  what.abort.abort();
  await printing;
});

t.test('IPv6, names of several addresses, and a local address', async (test) => {
  if (
    Object.values(os.networkInterfaces())
      .flat()
      .some((entry) => entry?.address === '::1')
  ) {
    const six = await printer(test, {}, '::1');
    is(test, await print(port, six.uri, delivery([document('six')])), 'delivered, confirmed');
    test.equal((await six.nextJob()).sourceAddress, '::1');
  }
  const four = await printer(test);
  const named = four.uri.replace('127.0.0.1', 'localhost');
  is(test, await print(port, named, delivery([document('name')])), 'delivered, confirmed');
  await four.nextJob();
  is(
    test,
    await print(port, four.uri, delivery([document('bound')]), { localAddress: '127.0.0.9' }),
    'delivered, confirmed',
  );
  test.equal((await four.nextJob()).sourceAddress, '127.0.0.9');
  const foreign = await print(port, four.uri, delivery([document('x')]), { localAddress: '192.0.2.7' });
  is(test, foreign, 'unreachable, not-started');
  const other = await print(port, four.uri, delivery([document('x')]), { localAddress: '::1' });
  is(test, other, 'unreachable, not-started');
});

t.test('no attempt leaves a descriptor behind', async (test) => {
  const emulator = await printer(test);
  const descriptors = (): number => readdirSync('/proc/self/fd').length;
  await print(port, emulator.uri, delivery([document('warm up')]));
  await until(() => emulator.connections === 0);
  const before = descriptors();
  for (const onHalfClose of ['close', 'reset', 'ignore'] as const) {
    await emulator.behave({ onHalfClose });
    for (let job = 0; job < 20; job += 1)
      await print(port, emulator.uri, delivery([document(octets(5000, job))]), { confirmAfterMs: 5 });
  }
  await emulator.behave({ onHalfClose: 'close', resetAfter: 1 });
  for (let job = 0; job < 20; job += 1) await print(port, emulator.uri, delivery([document(octets(500_000))]));
  await emulator.behave({ refuse: true });
  for (let job = 0; job < 20; job += 1) await print(port, emulator.uri, delivery([document('x')]));
  await emulator.close();
  await until(() => descriptors() <= before - 1);
  test.ok(descriptors() <= before - 1, 'the listener is gone, and so is everything else');
});

t.test('two hundred jobs of many sizes arrive as they were sent', async (test) => {
  const emulator = await printer(test, { oneAtATime: true });
  for (let seed = 1; seed <= 200; seed += 1) {
    const content = octets((seed * 7919) % 50_000, seed);
    is(
      test,
      await print(port, emulator.uri, delivery([document(content, { chunk: 1 + (seed % 9000) })])),
      'delivered, confirmed',
    );
    const job = await emulator.nextJob();
    if (job.sha256 !== sha256(content)) test.fail(`seed ${seed}: ${readFileSync(job.file).length} octets`);
  }
});
