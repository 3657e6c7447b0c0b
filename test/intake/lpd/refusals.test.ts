// What LPD clients do wrong, or are refused: a non-zero octet or a closed connection, and nothing is left of it (P4).

import t, { type Test } from 'tap';
import { PlatenError } from '../../../lib/errors.js';
import type { VirtualServer } from '../../../lib/queue/virtual-server.js';
import { FakeClock } from '../../support/fake-clock.js';
import { LpdClient } from '../../support/lpd-client.js';
import { type LpdServer, startLpdServer } from '../../support/lpd-server.js';

const plain = 'Hbox\nPalice\nJletter\nldfA001box\nUdfA001box\nNletter\n';
const controlFile = `\x02${plain.length} cfA001box\n${plain}\0`;
const data = `\x033 dfA001box\nabc\0`;

const nothingLeft = async (t: Test, server: LpdServer): Promise<void> => {
  await server.listener.close(10_000);
  t.strictSame(await server.settledJobs(), [], 'no job');
  t.strictSame(await server.spoolFiles(), [], 'no file in the spool');
  t.strictSame(server.port.deliveries, [], 'nothing at the printer');
};

const unfinished: readonly { name: string; sent: string; answers: string; ending?: 'reset' | 'stays' }[] = [
  {
    name: 'the connection ends in a data file',
    sent: `\x02lp\n${controlFile}\x039 dfA001box\nabc`,
    answers: '\0\0\0\0\x01',
  },
  {
    name: 'the connection breaks in a data file',
    sent: `\x02lp\n${controlFile}\x039 dfA001box\nabc`,
    answers: '',
    ending: 'reset',
  },
  {
    name: 'the connection breaks before the zero octet',
    sent: `\x02lp\n${controlFile}\x033 dfA001box\nabc`,
    answers: '',
    ending: 'reset',
  },
  {
    name: 'the connection breaks in a file of unknown size',
    sent: `\x02lp\n${controlFile}\x030 dfA001box\nabc`,
    answers: '',
    ending: 'reset',
  },
  { name: 'count 0 and nothing', sent: `\x02lp\n${controlFile}\x030 dfA001box\n`, answers: '\0\0\0\0\x01' },
  { name: 'a data file without its control file', sent: `\x02lp\n${data}`, answers: '\0\0\0' },
  { name: 'a control file without its data file', sent: `\x02lp\n${controlFile}`, answers: '\0\0\0' },
  {
    name: 'one of two data files',
    sent: `\x02lp\n${data}\x0222 cfA001box\nldfA001box\nldfB001box\n\0`,
    answers: '\0\0\0\0\0',
  },
  {
    name: 'the connection ends in a control file',
    sent: `\x02lp\n${data}\x02100 cfA001box\nHbox`,
    answers: '\0\0\0\0',
  },
  { name: 'an aborted job', sent: `\x02lp\n${data}\x01\n`, answers: '\0\0\0' },
  {
    name: 'a data file that belongs to an aborted job',
    sent: `\x02lp\n${data}\x01\n${controlFile}`,
    answers: '\0\0\0\0\0',
  },
  {
    name: 'another octet than zero behind a file',
    sent: `\x02lp\n${controlFile}\x033 dfA001box\nabcd`,
    answers: '\0\0\0\0\x01',
    ending: 'stays',
  },
  {
    name: 'a control file that prints nothing',
    sent: `\x02lp\n${data}\x025 cfA001box\nHbox\n\0`,
    answers: '\0\0\0\0\x01',
    ending: 'stays',
  },
  {
    name: 'a control file for data files of two jobs',
    sent: `\x02lp\n${data}${data.replace('001', '002')}\x0223 cfA001box\nldfA001box\nldfA002box\nX\0`,
    answers: '\0\0\0\0\0\0\x01',
    ending: 'stays',
  },
  { name: 'the same data file twice', sent: `\x02lp\n${data}${data}`, answers: '\0\0\0\x01', ending: 'stays' },
  { name: 'a file name that is a path', sent: '\x02lp\n\x033 ../../x\n', answers: '\0\x01', ending: 'stays' },
  { name: 'a queue that is a path', sent: '\x02../lp\n', answers: '\x01', ending: 'stays' },
  { name: 'a queue that is not there', sent: '\x02nowhere\n', answers: '\x01', ending: 'stays' },
  { name: 'waiting jobs of a queue that is not there', sent: '\x01nowhere\n', answers: '\x01', ending: 'stays' },
  { name: 'HTTP', sent: 'POST / HTTP/1.1\r\nHost: lp\r\n\r\n', answers: '\x01', ending: 'stays' },
  { name: 'a line that is too long', sent: `\x02${'x'.repeat(1025)}`, answers: '\x01', ending: 'stays' },
  {
    name: 'a document that is too large',
    sent: `\x02lp\n\x031073741825 dfA001box\n`,
    answers: '\0\x01',
    ending: 'stays',
  },
  { name: 'nothing', sent: '', answers: '' },
];
for (const { name, sent, answers, ending } of unfinished)
  t.test(`nothing is left of: ${name}`, async (t) => {
    const server = await startLpdServer(t);
    const client = await LpdClient.open(server.lpdPort);
    client.send(sent);
    await client.flush();
    if (ending === 'reset') {
      // All acknowledgements up to the file's content are here: the server is reading it.
      for (let answer = 0; answer < 4; answer += 1) t.equal(await client.answer(), 0);
      client.reset();
    } else {
      if (ending === undefined) client.end();
      t.equal(JSON.stringify(await client.rest()), JSON.stringify(answers));
    }
    await nothingLeft(t, server);
  });

t.test('a queue that cannot take a job refuses before it reads one', async (t) => {
  const refusals: [
    string,
    Parameters<typeof startLpdServer>[1],
    (server: LpdServer) => Promise<unknown>,
    (number | 'closed')[],
  ][] = [
    ['not accepting', {}, (server) => server.spooler.changePrinter('lp', { accepting: false }), [1]],
    ['as many jobs as it may hold', { spooler: { limits: { maxUnfinishedJobs: 0 } } }, async () => {}, [1]],
    ['no room on the disk', { spooler: { limits: { reserveBytes: 2 ** 52 } } }, async () => {}, [1]],
    ['no room for this document', { spooler: { limits: { maxDocumentBytes: 2 } } }, async () => {}, [0, 1]],
    ['not our group any more', {}, async (server) => server.disown(), [1]],
  ];
  for (const [name, options, prepare, answers] of refusals)
    await t.test(name, async (t) => {
      const server = await startLpdServer(t, options);
      await prepare(server);
      const client = await LpdClient.open(server.lpdPort);
      t.equal(await client.ask('\x02lp\n'), answers[0]);
      if (answers.length > 1) t.equal(await client.ask('\x033 dfA001box\n'), answers[1]);
      t.equal(await client.answer(), 'closed');
      await nothingLeft(t, server);
    });
});

t.test('a document of unknown size that grows too large is refused in the middle', async (t) => {
  const server = await startLpdServer(t, { limits: { maxDocumentBytes: 1000 } });
  const client = await LpdClient.open(server.lpdPort);
  t.equal(await client.ask('\x02lp\n'), 0);
  t.equal(await client.ask('\x030 dfA001box\n'), 0);
  t.equal(await client.ask('x'.repeat(1001)), 1);
  await nothingLeft(t, server);
});

t.test('the last zero octet comes only when the job is on record', async (t) => {
  for (const order of ['control-first', 'data-first']) {
    const server = await startLpdServer(t);
    const submit = server.spooler.uploads.submit.bind(server.spooler.uploads);
    let asked: () => void = () => {};
    const submitting = new Promise<void>((resolve) => (asked = resolve));
    let release: () => void = () => {};
    const released = new Promise<void>((resolve) => (release = resolve));
    server.spooler.uploads.submit = async (...job) => {
      asked();
      await released;
      return submit(...job);
    };
    const client = await LpdClient.open(server.lpdPort);
    client.send(`\x02lp\n${order === 'data-first' ? data + controlFile : controlFile + data}`);
    for (let answer = 0; answer < 4; answer += 1) t.equal(await client.answer(), 0);
    await submitting;
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    t.equal(client.unread, 0, `${order}: no answer yet`);
    release();
    t.equal(await client.answer(), 0);
    t.equal((await server.settledJobs()).length, 1);
    client.close();
  }
});

t.test('a job that cannot be put on record is refused', async (t) => {
  const server = await startLpdServer(t);
  const { uploads } = server.spooler;
  uploads.submit = async (_id, _draft, { documents }) => {
    await uploads.discard(documents);
    throw new PlatenError('store-unreachable');
  };
  const client = await LpdClient.open(server.lpdPort);
  client.send(`\x02lp\n${controlFile}${data}`);
  t.equal(await client.rest(), '\0\0\0\0\x01');
  await nothingLeft(t, server);
});

t.test('while the print spooler is loading, a client is held for a bounded time', async (t) => {
  const ready = await startLpdServer(t);
  const clock = new FakeClock();
  let loading = true;
  const server: VirtualServer = {
    ...ready.server,
    spooler: () => {
      if (loading) throw new PlatenError('not-ready');
      return ready.spooler;
    },
  };
  const { lpdPort, listener } = await startLpdServer(t, { server, clock });
  const patient = await LpdClient.open(lpdPort);
  patient.send('\x02lp\n');
  await clock.advanceUntil(() => clock.monotonic() >= 5_000);
  t.equal(patient.unread, 0);
  loading = false;
  const answer = patient.answer();
  await clock.advance(200);
  t.equal(await answer, 0);
  patient.close();
  loading = true;
  const late = await LpdClient.open(lpdPort);
  late.send('\x02lp\n');
  await late.flush();
  let heard: number | 'closed' | undefined;
  const hearing = late.answer().then((octet) => (heard = octet));
  await clock.advanceUntil(() => heard !== undefined, { stepMs: 1_000, limitMs: 60_000, realMs: 5 });
  t.equal(await hearing, 1);
  t.ok(clock.monotonic() >= 35_000);
  late.close();
  const closing = listener.close(0);
  await clock.advance(1);
  await closing;
});

const patience: readonly { name: string; sent: readonly string[]; afterMs: number; answers: string }[] = [
  { name: 'no command', sent: [], afterMs: 10_000, answers: '' },
  { name: 'half a command', sent: ['\x02l'], afterMs: 10_000, answers: '' },
  { name: 'silence between files', sent: ['\x02lp\n', controlFile], afterMs: 60_000, answers: '\0\0\0\x01' },
  {
    name: 'silence in a file',
    sent: ['\x02lp\n', controlFile, '\x039 dfA001box\nabc'],
    afterMs: 60_000,
    answers: '\0\0\0\0\x01',
  },
];
for (const { name, sent, afterMs, answers } of patience)
  t.test(`patience ends: ${name}`, async (t) => {
    const clock = new FakeClock();
    const server = await startLpdServer(t, { clock });
    const client = await LpdClient.open(server.lpdPort);
    for (const piece of sent) client.send(piece);
    const zeros = answers.replaceAll('\x01', '').length;
    while (client.unread < zeros) await new Promise((resolve) => setImmediate(resolve));
    let rest: string | undefined;
    const reading = client.rest().then((text) => (rest = text));
    await clock.advance(afterMs - 2_000);
    t.equal(rest, undefined, 'not too early');
    await clock.advanceUntil(() => rest !== undefined, { stepMs: 500, limitMs: 120_000, realMs: 5 });
    t.equal(await reading, answers);
    // The wait begins when the server has come so far, which may be after the clock was moved for the first time.
    t.ok(clock.monotonic() <= 2 * afterMs + 2_000, 'in time');
    const closing = nothingLeft(t, server);
    await clock.advance(3_000);
    await closing;
  });

t.test('a client that drips is sent home', async (t) => {
  const clock = new FakeClock();
  const server = await startLpdServer(t, { clock });
  const client = await LpdClient.open(server.lpdPort);
  client.send(`\x02lp\n${controlFile}\x03100000 dfA001box\n`);
  for (let answer = 0; answer < 4; answer += 1) t.equal(await client.answer(), 0);
  while (client.unread === 0 && clock.monotonic() < 300_000) {
    client.send('x');
    await client.flush();
    await clock.advance(5_000);
  }
  t.equal(await client.answer(), 1);
  const closing = nothingLeft(t, server);
  await clock.advance(3_000);
  await closing;
});

t.test('connections beyond the limit of one address are closed at once', async (t) => {
  const { lpdPort } = await startLpdServer(t, { limits: { maxConnectionsPerAddress: 2 } });
  const first = await LpdClient.open(lpdPort);
  const second = await LpdClient.open(lpdPort);
  t.equal(await second.ask('\x02lp\n'), 0);
  const third = await LpdClient.open(lpdPort);
  t.equal(await third.answer(), 'closed');
  const elsewhere = await LpdClient.open(lpdPort, { from: '127.0.0.2' });
  t.equal(await elsewhere.ask('\x02lp\n'), 0);
  first.close();
  second.close();
  elsewhere.close();
});

t.test('closing sends idle clients home, lets a job end and cuts what takes too long', async (t) => {
  const server = await startLpdServer(t);
  const idle = await LpdClient.open(server.lpdPort);
  const ending = await LpdClient.open(server.lpdPort);
  const hanging = await LpdClient.open(server.lpdPort);
  for (const client of [ending, hanging]) {
    client.send(`\x02lp\n${controlFile}\x033 dfA001box\nab`);
    for (let answer = 0; answer < 4; answer += 1) t.equal(await client.answer(), 0);
  }
  const closed = server.listener.close(300);
  t.equal(await idle.rest(), '');
  ending.send('c\0');
  t.equal(await ending.answer(), 0);
  t.equal(await ending.answer(), 'closed');
  t.equal(await hanging.answer(), 'closed');
  await closed;
  await t.rejects(LpdClient.open(server.lpdPort));
  t.equal((await server.settledJobs()).length, 1);
  t.equal((await server.spoolFiles()).length, 1);
});
