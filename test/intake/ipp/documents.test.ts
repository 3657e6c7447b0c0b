// Jobs whose documents come one by one: Create-Job, Send-Document, Close-Job (RFC 8011 sections 4.2.4 and 4.3.1, PWG 5100.11).

import t, { type Test } from 'tap';
import * as ipp from '../../../lib/protocols/ipp/values.js';
import { FakeClock } from '../../support/fake-clock.js';
import { HttpConnection, ippRequest, post } from '../../support/ipp-client.js';
import { printed } from '../../support/ipp-printed.js';
import { type IppServer, paused, startIppServer } from '../../support/ipp-server.js';

const { attribute } = ipp;

const create = async (server: IppServer): Promise<number> => Number((await server.ask('Create-Job')).value('job-id'));
const forJob = (id: number, last?: boolean) => [
  attribute('job-id', ipp.integer(id)),
  ...(last === undefined ? [] : [attribute('last-document', ipp.boolean(last))]),
];
const send = async (server: IppServer, id: number, data: string, last?: boolean) =>
  server.ask('Send-Document', { operation: forJob(id, last), data });

t.test('three documents make one job, printed when the last is in', async (t) => {
  const server = await startIppServer(t);
  const id = await create(server);
  for (const data of ['one', 'two']) {
    const reply = await send(server, id, data, false);
    t.equal(reply.status, 'successful-ok');
    t.same(reply.values('job-state-reasons'), ['job-incoming']);
  }
  t.equal(server.port.deliveries.length, 0);
  t.equal((await send(server, id, 'three', true)).status, 'successful-ok');
  t.same((await printed(server)).documents.map(String), ['one', 'two', 'three']);
});

const endings: readonly {
  name: string;
  end: (server: IppServer, id: number) => Promise<unknown>;
  documents: readonly string[];
}[] = [
  { name: 'Close-Job', end: (server, id) => server.ask('Close-Job', { operation: forJob(id) }), documents: ['one'] },
  { name: 'an empty last document', end: (server, id) => send(server, id, '', true), documents: ['one'] },
  { name: 'a last document', end: (server, id) => send(server, id, 'two', true), documents: ['one', 'two'] },
];
for (const { name, end, documents } of endings)
  t.test(`${name} ends the job`, async (t) => {
    const server = await startIppServer(t);
    const id = await create(server);
    await send(server, id, 'one', false);
    await end(server, id);
    t.same((await printed(server)).documents.map(String), documents);
    t.equal(server.spool.usage().documents, documents.length, 'the empty one is not kept');
    t.equal((await send(server, id, 'late', true)).status, 'client-error-not-possible');
  });

t.test('a last document that is sent again is answered again and printed once', async (t) => {
  const server = await startIppServer(t);
  const id = await create(server);
  await send(server, id, 'one', false);
  await send(server, id, 'two', true);
  const again = await send(server, id, 'two', true);
  t.equal(again.status, 'successful-ok');
  t.equal(again.value('job-id'), id);
  for (const other of ['one', 'twos', 'tw0', ''])
    t.equal((await send(server, id, other, true)).status, 'client-error-not-possible', other);
  t.equal((await send(server, id, 'two', false)).status, 'client-error-not-possible', 'not said to be the last');
  t.same((await printed(server)).documents.map(String), ['one', 'two']);
  t.equal((await send(server, id, 'two', true)).status, 'successful-ok', 'after it was printed, too');
  t.equal(server.spool.usage().documents, 2);
});

t.test('a job of one empty document is one; closed without any it is aborted', async (t) => {
  const server = await startIppServer(t);
  await send(server, await create(server), '', true);
  t.same((await printed(server)).documents.map(String), ['']);
  const id = await create(server);
  const closed = await server.ask('Close-Job', { operation: forJob(id) });
  t.equal(closed.value('job-state'), 8);
});

t.test('Send-Document without last-document is a bad request, and the job can still be canceled', async (t) => {
  const server = await startIppServer(t);
  const id = await create(server);
  t.equal((await send(server, id, 'data')).status, 'client-error-bad-request');
  t.equal((await server.ask('Cancel-Job', { operation: forJob(id) })).status, 'successful-ok');
  t.equal((await send(server, id, 'data', true)).status, 'client-error-not-possible');
  t.same(await server.spoolFiles(), []);
});

/** A Send-Document that has begun and waits for the rest of its data. */
const begin = async (t: Test, server: IppServer, id: number): Promise<{ connection: HttpConnection; rest: Buffer }> => {
  const connection = await HttpConnection.open(t, server.ippPort);
  const whole = post(ippRequest('Send-Document', { operation: forJob(id, true), data: 'x'.repeat(100_000) }));
  await connection.send(whole.subarray(0, -50_000));
  while (!server.spooler.uploads.isUnderWay(id)) await new Promise((resolve) => setImmediate(resolve));
  return { connection, rest: whole.subarray(-50_000) };
};

t.test('two documents of a job at once: the second client is told to come again', async (t) => {
  const server = await startIppServer(t);
  const id = await create(server);
  const { connection, rest } = await begin(t, server, id);
  t.equal((await send(server, id, 'second', true)).status, 'server-error-busy');
  await connection.send(rest);
  t.equal((await connection.reply()).status, 'successful-ok');
  t.same(
    (await printed(server)).documents.map(({ length }) => length),
    [100_000],
  );
});

t.test('a job canceled while its document comes in takes it no more', async (t) => {
  const server = await startIppServer(t);
  const id = await create(server);
  const { connection, rest } = await begin(t, server, id);
  t.equal((await server.ask('Cancel-Job', { operation: forJob(id) })).status, 'successful-ok');
  await connection.send(rest);
  t.match((await connection.reply()).status, /^client-error-not-(possible|found)$/);
  t.same(await server.spoolFiles(), []);
});

t.test('a client that dies in a Send-Document leaves the job open for another try', async (t) => {
  const server = await startIppServer(t);
  const id = await create(server);
  const { connection } = await begin(t, server, id);
  connection.socket.resetAndDestroy();
  while (server.spooler.uploads.isUnderWay(id)) await new Promise((resolve) => setImmediate(resolve));
  t.same(await server.spoolFiles(), []);
  t.equal((await send(server, id, 'again', true)).status, 'successful-ok');
  t.same((await printed(server)).documents.map(String), ['again']);
});

t.test('the time for the next document does not run while one comes in', async (t) => {
  const clock = new FakeClock(Date.now());
  const limits = { multipleOperationTimeoutMs: 60_000 };
  const server = await startIppServer(t, { spooler: { clock, limits } });
  const id = await create(server);
  const { connection, rest } = await begin(t, server, id);
  await clock.advance(200_000);
  t.equal(server.spooler.jobs.unfinished(id)?.state, 'pending');
  await connection.send(rest);
  t.equal((await connection.reply()).status, 'successful-ok');
  const abandoned = await create(server);
  await clock.advanceUntil(() => server.spooler.jobs.unfinished(abandoned) === undefined, { stepMs: 1000, realMs: 1 });
  t.equal((await server.spooler.jobs.find(abandoned))?.state, 'aborted');
});

t.test('a job that was admitted gets its documents, though the queue is full or closed by then', async (t) => {
  const server = await startIppServer(t, { spooler: { limits: { maxUnfinishedJobs: 1 } }, printers: [paused] });
  const id = await create(server);
  t.equal((await server.ask('Create-Job')).status, 'server-error-too-many-jobs');
  t.equal((await server.ask('Print-Job', { data: 'x' })).status, 'server-error-too-many-jobs');
  t.equal((await send(server, id, 'one', false)).status, 'successful-ok');
  await server.spooler.changePrinter('lp', { accepting: false });
  t.equal((await send(server, id, 'two', true)).status, 'successful-ok');
});

t.test('a job holds as many documents as it may', async (t) => {
  const server = await startIppServer(t, { service: { maxDocumentsPerJob: 2 } });
  const id = await create(server);
  for (const data of ['one', 'two']) await send(server, id, data, false);
  t.equal((await send(server, id, 'three', true)).status, 'client-error-not-possible');
  t.equal((await server.ask('Close-Job', { operation: forJob(id) })).status, 'successful-ok');
});

t.test('a full disk refuses new jobs before their data, and prints on', async (t) => {
  const options = { spooler: { limits: { reserveBytes: 2 ** 60 } } };
  const server = await startIppServer(t, options);
  const connection = await HttpConnection.open(t, server.ippPort);
  const whole = post(ippRequest('Print-Job', { data: Buffer.alloc(1_000_000) }));
  await connection.send(whole.subarray(0, 1000));
  t.equal((await connection.reply()).status, 'server-error-temporary-error', 'answered with most of the data unsent');
  t.equal((await server.ask('Create-Job')).status, 'server-error-temporary-error');
  t.equal((await server.ask('Get-Printer-Attributes')).status, 'successful-ok');
  t.same(await server.allJobs(), []);
});
