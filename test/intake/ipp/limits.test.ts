// Clients that are slow, silent, too many, or die: what they may hold, for how long, and what is left of them (R5, R59, R60).

import { readdirSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import t from 'tap';
import { GuardedBody } from '../../../lib/intake/guarded-body.js';
import type { Clock } from '../../../lib/platform/clock.js';
import { FakeClock } from '../../support/fake-clock.js';
import { chunk, HttpConnection, ippRequest, post, postHead } from '../../support/ipp-client.js';
import { printed } from '../../support/ipp-printed.js';
import { type IppServer, paused, startIppServer } from '../../support/ipp-server.js';

const turn = () => new Promise((resolve) => setImmediate(resolve));
const descriptors = () => readdirSync('/proc/self/fd').length;
const printJob = post(ippRequest('Print-Job', { data: 'x'.repeat(100_000) }));

/** Nothing is left: no file, no job. */
const isClean = async (server: IppServer): Promise<boolean> =>
  (await server.spoolFiles()).length === 0 && (await server.allJobs()).length === 0;
const becomesClean = async (server: IppServer): Promise<void> => {
  while (!(await isClean(server))) await turn();
};

t.test('a header that dribbles is cut off with 408', async (t) => {
  const { ippPort } = await startIppServer(t, { limits: { headerTimeMs: 300 } });
  const connection = await HttpConnection.open(t, ippPort);
  const dribble = setInterval(() => connection.socket.write('X: y\r\n'), 50);
  t.teardown(() => clearInterval(dribble));
  await connection.send('POST / HTTP/1.1\r\n');
  t.equal((await connection.answer())?.status, 408);
  await connection.ended();
});

t.test('a connection that says nothing is closed after the time for a header', async (t) => {
  const { ippPort } = await startIppServer(t, { limits: { headerTimeMs: 300 } });
  const connection = await HttpConnection.open(t, ippPort);
  await connection.ended();
  t.pass();
});

/** Real sockets and files under a clock that the test moves. */
const body = (limits: { idleTimeMs?: number; minBytesPerSecond?: number } = {}, clock: Clock = new FakeClock()) => {
  const stream = new PassThrough();
  const all = { idleTimeMs: 60_000, minBytesPerSecond: 1024, minRateOverMs: 60_000, ...limits };
  return { stream, guarded: new GuardedBody(stream, all, clock) };
};

t.test('silence: the body ends with an error after idleTimeMs', async (t) => {
  const clock = new FakeClock();
  const { stream, guarded } = body({}, clock);
  stream.write('start');
  t.equal((await guarded.next()).value?.length, 5);
  const next = t.rejects(guarded.next(), { code: 'document-incomplete', message: 'no data came for 60 s' });
  await clock.advance(59_999);
  t.notOk(stream.destroyed);
  await clock.advance(1);
  await next;
  t.equal(clock.pending, 0);
});

for (const everyMs of [100, 900, 1_000, 7_000, 59_000])
  t.test(`an octet every ${everyMs} ms is below the least rate after a minute`, async (t) => {
    const clock = new FakeClock();
    const { stream, guarded } = body({}, clock);
    const reading = t.rejects(
      async () => {
        for await (const _ of guarded);
      },
      { code: 'document-incomplete', message: 'data came more slowly than 1024 octets a second' },
    );
    for (let at = 0; at < 60_000 && !stream.destroyed; at += everyMs) {
      stream.write('x');
      await clock.advance(everyMs);
    }
    await reading;
    t.ok(clock.monotonic() >= 59_000);
  });

t.test('a legal job that trickles in for an hour is not cut', async (t) => {
  const clock = new FakeClock();
  const { stream, guarded } = body({}, clock);
  const reading = (async () => {
    let sum = 0;
    for await (const piece of guarded) sum += piece.length;
    return sum;
  })();
  for (let second = 0; second < 3600; second += 20) {
    stream.write(Buffer.alloc(20 * 1100));
    await clock.advance(20_000);
  }
  stream.end();
  t.equal(await reading, 3600 * 1100);
  t.equal(clock.pending, 0, 'no timer is left');
});

t.test('time that the disk takes is not held against the client', async (t) => {
  const clock = new FakeClock();
  const { stream, guarded } = body({}, clock);
  stream.write('x');
  await guarded.next();
  await clock.advance(10_000_000);
  stream.end('y');
  t.equal(String((await guarded.next()).value), 'y');
  t.equal((await guarded.next()).done, true);
});

t.test('silence and dribble in the middle of a document: the connection is cut, nothing is left', async (t) => {
  const limits = { idleTimeMs: 200, minRateOverMs: 400 };
  const server = await startIppServer(t, { limits, printers: [paused] });
  const before = descriptors();
  const silent = await HttpConnection.open(t, server.ippPort);
  await silent.send(printJob.subarray(0, 5000));
  const dribbling = await HttpConnection.open(t, server.ippPort);
  await dribbling.send(postHead({ 'Transfer-Encoding': 'chunked' }), chunk(ippRequest('Print-Job')));
  const dribble = setInterval(() => dribbling.socket.write(chunk(Buffer.from('x'))), 20);
  t.teardown(() => clearInterval(dribble));
  await Promise.all([silent.ended(), dribbling.ended()]);
  clearInterval(dribble);
  for (const { socket } of [silent, dribbling]) socket.destroy();
  await becomesClean(server);
  while (descriptors() > before) await turn();
  t.pass();
});

t.test('no time limit of Node.js itself cuts a long upload', async (t) => {
  const { createServer } = await import('node:http');
  t.equal(createServer().requestTimeout, 300_000, 'which is what Node.js would do');
  const server = await startIppServer(t, { limits: { headerTimeMs: 100 } });
  const connection = await HttpConnection.open(t, server.ippPort);
  await connection.send(printJob.subarray(0, 5000));
  await new Promise((resolve) => setTimeout(resolve, 500));
  await connection.send(printJob.subarray(5000));
  t.equal((await connection.reply()).status, 'successful-ok', 'five times the time for a header, in the body');
});

t.test('a client that does not read a long answer is let go', async (t) => {
  const server = await startIppServer(t, { limits: { idleTimeMs: 300 }, printers: [paused] });
  const connection = await HttpConnection.open(t, server.ippPort);
  connection.socket.pause();
  const request = post(ippRequest('Get-Printer-Attributes'));
  const before = descriptors();
  void connection.send(...Array<Buffer>(10_000).fill(request));
  while (descriptors() >= before) await new Promise((resolve) => setTimeout(resolve, 50));
  connection.socket.destroy();
  t.equal((await server.ask('Get-Printer-Attributes')).status, 'successful-ok');
});

t.test('connections beyond the limits are closed at once, those within are served', async (t) => {
  const { ippPort } = await startIppServer(t, { limits: { maxConnections: 6, maxConnectionsPerAddress: 4 } });
  const works = async (connection: HttpConnection): Promise<boolean> => {
    await connection.send(post(ippRequest('Get-Printer-Attributes')));
    return (await connection.answer())?.status === 200;
  };
  const first: HttpConnection[] = [];
  for (let count = 0; count < 4; count += 1) first.push(await HttpConnection.open(t, ippPort));
  for (const connection of first) t.ok(await works(connection));
  t.notOk(await works(await HttpConnection.open(t, ippPort)), 'a fifth one from the same address');
  first[0]?.socket.destroy();
  while (!(await works(await HttpConnection.open(t, ippPort)))) await turn();
  t.pass('a place that is free again is taken');
  await t.test('in all', async (t) => {
    const all = await startIppServer(t, { limits: { maxConnections: 2, maxConnectionsPerAddress: 100 } });
    const two = [await HttpConnection.open(t, all.ippPort), await HttpConnection.open(t, all.ippPort)];
    for (const connection of two) t.ok(await works(connection));
    t.notOk(await works(await HttpConnection.open(t, all.ippPort)));
  });
});

const deaths: Readonly<Record<string, (connection: HttpConnection) => void>> = {
  reset: ({ socket }) => void socket.resetAndDestroy(),
  'end of its sending side': ({ socket }) => void socket.end(),
  close: ({ socket }) => void socket.destroy(),
};
for (const [name, die] of Object.entries(deaths))
  for (const chunked of [false, true])
    t.test(`death by ${name} at every tenth of ${chunked ? 'a chunked' : 'an'} upload leaves nothing`, async (t) => {
      const server = await startIppServer(t, { printers: [paused] });
      const request = ippRequest('Print-Job', { data: Buffer.alloc(2_000_000, 'x') });
      const head = Buffer.from(postHead({ 'Transfer-Encoding': 'chunked' }));
      const whole = chunked ? Buffer.concat([head, chunk(request)]) : post(request);
      await server.ask('Get-Printer-Attributes');
      const before = descriptors();
      for (let tenth = 0; tenth < 10; tenth += 1) {
        const connection = await HttpConnection.open(t, server.ippPort);
        await connection.send(whole.subarray(0, Math.floor((whole.length * tenth) / 10)));
        // With the last octets still in flight, and when all of them are in.
        if (tenth % 2 === 0) await turn();
        die(connection);
        if (name.startsWith('end')) await connection.ended();
        connection.socket.destroy();
      }
      // A chunked upload without its last chunk, and one octet less than announced.
      const last = await HttpConnection.open(t, server.ippPort);
      await last.send(chunked ? whole : whole.subarray(0, -1));
      die(last);
      await last.ended();
      await becomesClean(server);
      while (descriptors() > before) await turn();
      t.same(await server.allJobs(), []);
    });

t.test('what came in whole before the client died is a job', async (t) => {
  const server = await startIppServer(t);
  const connection = await HttpConnection.open(t, server.ippPort);
  await connection.send(printJob);
  connection.socket.end();
  t.same(
    (await printed(server)).documents.map(({ length }) => length),
    [100_000],
  );
});

t.test('close lets what is under way end, and cuts it off after the grace', async (t) => {
  const server = await startIppServer(t, { printers: [paused] });
  const [ends, hangs, idle] = await Promise.all([1, 2, 3].map(() => HttpConnection.open(t, server.ippPort)));
  // So much that a file was begun: that tells that the uploads are under way.
  const large = post(ippRequest('Print-Job', { data: 'x'.repeat(600_000) }));
  await ends?.send(large.subarray(0, 400_000));
  await hangs?.send(large.subarray(0, 400_000));
  while ((await server.spoolFiles()).length < 2) await turn();
  const closed = server.listener.close(300);
  await ends?.send(large.subarray(400_000));
  t.equal((await ends?.reply())?.status, 'successful-ok');
  await Promise.all([idle?.ended(), hangs?.ended(), closed]);
  t.equal((await server.allJobs()).length, 1);
});
