import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import path from 'node:path';
import t from 'tap';
import { startTestAdmin, type TestAdmin, testToken } from '../support/admin.js';
import { octets, sha256 } from '../support/delivery.js';

type Started = TestAdmin & { readonly tcpPort: number };

const start = async (
  t: Parameters<typeof startTestAdmin>[0],
  options: Parameters<typeof startTestAdmin>[1] = {},
): Promise<Started> => {
  const made = await startTestAdmin(t, options);
  await made.spooler.addPrinter({ name: 'demo', deviceUri: 'socket://127.0.0.1' });
  const { port } = await made.admin.listen({ host: '127.0.0.1', port: 0 });
  return { ...made, tcpPort: port };
};

const open = ({ tcpPort }: Started, query: string, headers: Record<string, string | number> = {}): ClientRequest =>
  request({
    host: '127.0.0.1',
    port: tcpPort,
    method: 'POST',
    path: `/api/1/jobs?printer=demo${query}`,
    headers: { authorization: `Bearer ${testToken}`, 'content-type': 'application/octet-stream', ...headers },
  });

const answerTo = async (
  sent: ClientRequest,
): Promise<{ status: number | undefined; json: Record<string, unknown> }> => {
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  let text = '';
  for await (const chunk of response) text += String(chunk);
  return { status: response.statusCode, json: JSON.parse(text) as Record<string, unknown> };
};

/** The spool's files, `.part` ones too; not the segment in use, which stays when what was appended to it is given up. */
const filesIn = async ({ directory }: Started): Promise<string[]> =>
  (await readdir(path.join(directory, 'documents'), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && !entry.name.startsWith('segment.'))
    .map(({ name }) => name);

/** Looks again after each turn of the event loop, which waits for files and sockets. */
const until = async (condition: () => Promise<boolean>): Promise<void> => {
  while (!(await condition())) await new Promise((resolve) => setImmediate(resolve));
};

t.test('files of any size become jobs whose octets reach the port', async (t) => {
  const made = await start(t);
  const { port, spooler } = made;
  for (const size of [1, 10 * 1024, 20 * 2 ** 20])
    for (const announced of [true, false]) {
      const what = `${size} octets, ${announced ? 'Content-Length' : 'chunked'}`;
      const content = octets(size);
      const done = new Promise<void>((resolve) => {
        spooler.jobs.onChange((job) => {
          if (job.completed !== undefined) resolve();
        });
      });
      const sent = open(
        made,
        '&name=letter.txt&user=bob&copies=2&format=text/plain',
        announced ? { 'content-length': size } : { 'transfer-encoding': 'chunked' },
      );
      sent.end(content);
      const { status, json } = await answerTo(sent);
      t.equal(status, 201, what);
      t.match(
        json,
        {
          octets: size,
          name: 'letter.txt',
          user: 'bob',
          copies: 2,
          documents: [{ sha256: sha256(content), format: 'text/plain' }],
          origin: { protocol: 'rest', address: '127.0.0.1' },
        },
        what,
      );
      await done;
      const delivered = port.deliveries.at(-1);
      t.equal(sha256(...(delivered?.documents ?? [])), sha256(content), what);
      t.equal(delivered?.copies, 2);
    }
});

t.test('an empty file is no job', async (t) => {
  const made = await start(t);
  for (const headers of [{ 'content-length': 0 }, { 'transfer-encoding': 'chunked' }]) {
    const sent = open(made, '', headers);
    sent.end();
    const { status, json } = await answerTo(sent);
    t.equal(status, 400);
    t.match(json, { code: 'bad-request', message: /empty/ });
  }
  t.same(await filesIn(made), []);
  t.equal(made.spooler.jobs.unfinishedCount, 0);
});

t.test('an upload that breaks off leaves nothing', async (t) => {
  const made = await start(t);
  for (const headers of [{ 'content-length': 10_000_000 }, { 'transfer-encoding': 'chunked' }]) {
    const sent = open(made, '', headers);
    sent.on('error', () => {});
    sent.write(octets(1_000_000));
    await until(async () => (await filesIn(made)).length === 1);
    sent.destroy();
    await until(async () => (await filesIn(made)).length === 0);
    t.equal(made.spooler.jobs.unfinishedCount, 0);
  }
  t.same((await made.ask('GET', '/api/1/jobs?which=all')).json(), { jobs: [] });
});

t.test('a close of the server in the middle of an upload leaves nothing', async (t) => {
  const made = await start(t);
  const sent = open(made, '', { 'transfer-encoding': 'chunked' });
  sent.on('error', () => {});
  sent.write(octets(1_000_000));
  await until(async () => (await filesIn(made)).length === 1);
  await made.admin.close();
  await until(async () => (await filesIn(made)).length === 0);
  t.equal(made.spooler.jobs.unfinishedCount, 0);
});

t.test('what is refused is refused before the file is asked for', async (t) => {
  const made = await start(t, { limits: { maxDocumentBytes: 1_000_000 } });
  await made.spooler.addPrinter({ name: 'closed', deviceUri: 'socket://127.0.0.1', accepting: false });
  const cases: readonly [string, string, Record<string, string>, number, string][] = [
    ['too large', 'printer=demo', { 'Content-Length': '1000001' }, 413, 'document-too-large'],
    ['no such printer', 'printer=none', {}, 404, 'printer-not-found'],
    ['not accepting', 'printer=closed', {}, 409, 'printer-not-accepting'],
    ['no printer named', '', {}, 400, 'bad-request'],
    ['no copies', 'printer=demo&copies=0', {}, 400, 'bad-request'],
    ['unknown key', 'printer=demo&colour=1', {}, 400, 'bad-request'],
    ['no token', 'printer=demo', { Authorization: 'Bearer x' }, 401, 'not-authenticated'],
    ['JSON', 'printer=demo', { 'Content-Type': 'application/json' }, 415, 'media-type-refused'],
    ['a form', 'printer=demo', { 'Content-Type': 'application/x-www-form-urlencoded' }, 415, 'media-type-refused'],
  ];
  for (const [name, query, changes, status, code] of cases) {
    const headers = {
      Host: 'localhost',
      Authorization: `Bearer ${testToken}`,
      'Content-Type': 'application/octet-stream',
      'Content-Length': '1000',
      Expect: '100-continue',
      ...changes,
    };
    const socket = connect(made.tcpPort, '127.0.0.1');
    socket.write(
      `POST /api/1/jobs?${query} HTTP/1.1\r\n${Object.entries(headers)
        .map(([key, value]) => `${key}: ${value}\r\n`)
        .join('')}\r\n`,
    );
    let answer = '';
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString();
    });
    await once(socket, 'close');
    t.match(answer, new RegExp(`^HTTP/1.1 ${status} `), name);
    t.match(answer, `"code":"${code}"`, name);
  }
  t.same(await filesIn(made), []);
});

t.test('a client that waits for 100 Continue gets it', async (t) => {
  const made = await start(t);
  const sent = open(made, '', { expect: '100-continue', 'content-length': 4 });
  sent.flushHeaders();
  await once(sent, 'continue');
  sent.end('text');
  t.equal((await answerTo(sent)).status, 201);
  const json = request({
    host: '127.0.0.1',
    port: made.tcpPort,
    method: 'POST',
    path: '/api/1/printers/demo/pause',
    headers: { authorization: `Bearer ${testToken}`, 'content-type': 'application/json', expect: '100-continue' },
  });
  json.flushHeaders();
  await once(json, 'continue');
  json.end('{"message":"x"}');
  t.match(await answerTo(json), { status: 200, json: { paused: true } });
});

t.test('a file without an announced length that grows too large is refused and leaves nothing', async (t) => {
  const made = await start(t, { limits: { maxDocumentBytes: 100_000 } });
  const sent = open(made, '', { 'transfer-encoding': 'chunked' });
  sent.end(octets(150_000));
  const { status, json } = await answerTo(sent);
  t.equal(status, 413);
  t.match(json, { code: 'document-too-large' });
  t.same(await filesIn(made), []);
});
