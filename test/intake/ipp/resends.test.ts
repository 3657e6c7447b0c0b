// Clients that send a job again over IPP: real sockets, whose ends are what the decision rests on. A reset on loopback is there before
// whatever is sent after it.

import t, { type Test } from 'tap';
import { reset } from '../../../lib/ports/reset.js';
import * as ipp from '../../../lib/protocols/ipp/values.js';
import type { Store } from '../../../lib/store/store.js';
import { HttpConnection, type IppCall, type IppReply, ippRequest, post } from '../../support/ipp-client.js';
import { type IppServer, type IppServerOptions, paused, startIppServer } from '../../support/ipp-server.js';

const letter: IppCall = { operation: [ipp.attribute('job-name', ipp.name('letter'))], data: 'Dear Sir or Madam' };

const until = async (holds: () => boolean | Promise<boolean>): Promise<void> => {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 2));
};

const start = (t: Test, options: IppServerOptions = {}): Promise<IppServer> =>
  startIppServer(t, { printers: [paused], ...options });

/** The request is whole and its job on record; the answer is never read. */
const sentUnread = async (
  t: Test,
  server: IppServer,
  request = ippRequest('Print-Job', letter),
  headers = {},
): Promise<HttpConnection> => {
  const connection = await HttpConnection.open(t, server.ippPort);
  connection.socket.pause();
  await connection.send(post(request, headers));
  await until(async () => (await server.allJobs()).some(({ openUntil }) => openUntil === undefined));
  await until(() => server.listener.underWay === 0);
  return connection;
};

const idOf = (reply: IppReply): unknown => reply.value('job-id');

t.test('a job that is sent again after the connection broke is answered with the first one’s id', async (t) => {
  const server = await start(t);
  const first = await sentUnread(t, server);
  first.socket.resetAndDestroy();
  const reply = await server.ask('Print-Job', letter);
  t.equal(reply.status, 'successful-ok');
  const [job, ...more] = await server.allJobs();
  t.equal(idOf(reply), job?.id);
  t.same(more, [], 'one job');
  t.match(job, { resends: 1, state: 'pending' });
  t.equal((await server.spoolFiles()).length, 1, 'the second upload is given up');
  t.equal(server.spooler.resends('lp'), 1);
  await server.events.settled();
  t.match(await server.events.recent(1), [{ code: 'job-resent', job: job?.id, printer: 'lp' }]);
  const third = await server.ask('Print-Job', letter);
  t.not(idOf(third), job?.id, 'a third one is a new job: only the first match counts');
  t.equal((await server.allJobs()).length, 2);
});

t.test('who asks for the connection to be closed, and resets it, has not heard either', async (t) => {
  const server = await start(t);
  const first = await sentUnread(t, server, undefined, { Connection: 'close' });
  first.socket.resetAndDestroy();
  t.equal(idOf(await server.ask('Print-Job', letter)), (await server.allJobs())[0]?.id);
});

const goingOn: Readonly<Record<string, (connection: HttpConnection) => Promise<unknown>>> = {
  'asked for something else': async (connection) => {
    connection.socket.resume();
    await connection.reply();
    await connection.send(post(ippRequest('Get-Jobs')));
    return connection.reply();
  },
  'closed its side, told that the connection ends': async (connection) => {
    connection.socket.resume();
    await connection.reply();
    connection.socket.end();
    return connection.ended();
  },
  'closed its side in order': async (connection) => {
    connection.socket.resume();
    await connection.reply();
    connection.socket.end();
    return connection.ended();
  },
};

for (const [what, goOn] of Object.entries(goingOn))
  t.test(`a client that ${what} and prints the same again gets a second job`, async (t) => {
    const server = await start(t);
    const headers = what.includes('told') ? { Connection: 'close' } : {};
    const first = await sentUnread(t, server, undefined, headers);
    await goOn(first);
    reset(first.socket);
    await server.ask('Print-Job', letter);
    t.equal((await server.allJobs()).length, 2);
    t.equal(server.spooler.resends('lp'), 0);
  });

t.test('the same sent twice at once, over two connections that stand, are two jobs', async (t) => {
  const server = await start(t);
  await sentUnread(t, server);
  await server.ask('Print-Job', letter);
  t.equal((await server.allJobs()).length, 2);
});

t.test('another user, name or content is another job', async (t) => {
  const server = await start(t);
  const first = await sentUnread(t, server);
  first.socket.resetAndDestroy();
  const others: readonly IppCall[] = [
    { ...letter, user: 'bob' },
    { ...letter, data: 'Dear Sir' },
    { ...letter, operation: [ipp.attribute('job-name', ipp.name('note'))] },
  ];
  for (const other of others) await server.ask('Print-Job', other);
  t.equal((await server.allJobs()).length, 4);
});

t.test('a printer may have it off', async (t) => {
  const server = await start(t, { printers: [{ ...paused, resends: 'off' }] });
  const first = await sentUnread(t, server);
  first.socket.resetAndDestroy();
  await server.ask('Print-Job', letter);
  t.equal((await server.allJobs()).length, 2);
});

t.test('a job that was canceled meanwhile answers for no other', async (t) => {
  const server = await start(t);
  const first = await sentUnread(t, server);
  first.socket.resetAndDestroy();
  const [job] = await server.allJobs();
  await server.spooler.control.cancel(job!.id, 'job-canceled-by-user');
  t.not(idOf(await server.ask('Print-Job', letter)), job!.id);
});

t.test('a job that is printed already answers all the same', async (t) => {
  const server = await start(t, { printers: [{ name: 'lp', deviceUri: 'socket://127.0.0.1' }] });
  const first = await sentUnread(t, server);
  first.socket.resetAndDestroy();
  await until(async () => (await server.allJobs())[0]?.state === 'completed');
  t.equal(idOf(await server.ask('Print-Job', letter)), (await server.allJobs())[0]?.id);
  t.equal(server.port.deliveries.length, 1, 'printed once');
});

t.test('the first one may still be on its way to the record', async (t) => {
  let release = (): void => {};
  let isHeld = false;
  const held = new Promise<void>((resolve) => (release = resolve));
  const wrapStore = (store: Store): Store => ({
    get: (key) => store.get(key),
    range: (prefix, options) => store.range(prefix, options),
    watch: (prefix, from, signal) => store.watch(prefix, from, signal),
    close: () => store.close(),
    txn: async (compares, changes) => {
      if (changes.some((change) => 'put' in change && change.put.includes('/jobs/')) && !isHeld) {
        isHeld = true;
        await held;
      }
      return store.txn(compares, changes);
    },
  });
  const server = await start(t, { spooler: { wrapStore } });
  const connection = await HttpConnection.open(t, server.ippPort);
  await connection.send(post(ippRequest('Print-Job', letter)));
  await until(() => isHeld);
  connection.socket.resetAndDestroy();
  const again = server.ask('Print-Job', letter);
  setTimeout(release, 50);
  const reply = await again;
  const jobs = await server.allJobs();
  t.equal(jobs.length, 1);
  t.equal(idOf(reply), jobs[0]?.id);
});

/** As CUPS's back end sends everything. */
const createAndSend = async (t: Test, server: IppServer, last: 'read' | 'lost'): Promise<number> => {
  const created = await server.ask('Create-Job', { operation: letter.operation! });
  const id = created.value('job-id') as number;
  const send: IppCall = {
    operation: [ipp.attribute('job-id', ipp.integer(id)), ipp.attribute('last-document', ipp.boolean(true))],
    data: letter.data!,
  };
  if (last === 'read') {
    const reply = await server.ask('Send-Document', send);
    t.equal(reply.status, 'successful-ok');
    t.equal(reply.value('job-id'), id);
  } else {
    const connection = await sentUnread(t, server, ippRequest('Send-Document', send));
    connection.socket.resetAndDestroy();
  }
  return id;
};

t.test('a second Create-Job with the same document stands for the first job', async (t) => {
  const server = await start(t);
  const first = await createAndSend(t, server, 'lost');
  const second = await createAndSend(t, server, 'read');
  t.not(second, first);
  t.match(await server.allJobs(), [
    { id: first, state: 'pending', resends: 1 },
    { id: second, state: 'aborted', resendOf: first, documents: [] },
  ]);
  t.equal((await server.spoolFiles()).length, 1);
  const named = { operation: [ipp.attribute('job-id', ipp.integer(second))] };
  const shown = await server.ask('Get-Job-Attributes', named);
  t.equal(shown.value('job-id'), second, 'it is asked for by its own id');
  t.equal(shown.value('job-state'), 3, 'and seen as the first one, which waits');
  await server.ask('Cancel-Job', named);
  t.match(await server.allJobs(), [{ id: first, state: 'canceled' }, { id: second }]);
});
