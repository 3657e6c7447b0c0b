// Requests about a group that another node owns, over real sockets: passed on once, streamed, and honest when a side goes away.

import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { type ClientRequest, createServer, type IncomingMessage, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { memoryUsage } from 'node:process';
import t, { type Test } from 'tap';
import { keys } from '../../lib/store/keys.js';
import { testToken } from '../support/admin.js';
import {
  type AdminCluster,
  type ClusterAdmin,
  clusterSecret,
  holds,
  startAdminCluster,
} from '../support/admin-cluster.js';
import { octets, sha256 } from '../support/delivery.js';

const started = async (t: Test): Promise<AdminCluster> => {
  const cluster = await startAdminCluster(t);
  await cluster.a.operations.createGroup({ name: 'sales', addresses: ['127.0.0.21'], preferredOwners: ['a', 'b'] });
  await cluster.until(() => holds(cluster.a, 'sales/spooler'));
  return cluster;
};

const open = (
  { url }: { url: string },
  path: string,
  { method = 'GET', headers = {} }: { method?: string; headers?: Record<string, string | number> } = {},
): ClientRequest =>
  request(`${url}${path}`, { method, agent: false, headers: { authorization: `Bearer ${testToken}`, ...headers } });

interface Answer {
  readonly status: number | undefined;
  readonly json: Record<string, unknown>;
  readonly response: IncomingMessage;
}

const answerTo = async (sent: ClientRequest): Promise<Answer> => {
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  let text = '';
  for await (const chunk of response) text += String(chunk);
  return {
    status: response.statusCode,
    json: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>),
    response,
  };
};

const ask = (node: { url: string }, path: string, method = 'GET', body?: object, headers = {}): Promise<Answer> => {
  const text = body === undefined ? undefined : JSON.stringify(body);
  const said =
    text === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
  const sent = open(node, path, { method, headers: { ...said, ...headers } });
  sent.end(text);
  return answerTo(sent);
};

const upload = (node: ClusterAdmin, headers: Record<string, string | number>): ClientRequest =>
  open(node, '/api/1/jobs?printer=demo', {
    method: 'POST',
    headers: { 'content-type': 'application/octet-stream', ...headers },
  });

/** The spool's files, `.part` ones too; not the segment in use. */
const filesIn = async ({ directory }: ClusterAdmin): Promise<string[]> =>
  (await readdir(path.join(directory, 'documents'), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && !entry.name.startsWith('segment.'))
    .map(({ name }) => name);

const until = async (condition: () => boolean | Promise<boolean>): Promise<void> => {
  while (!(await condition())) await new Promise((resolve) => setImmediate(resolve));
};

t.test('printers and jobs of a group are read and changed through any node', async (t) => {
  const { a, b } = await started(t);
  for (const query of ['', '?group=sales']) {
    t.match((await ask(b, `/api/1/printers${query}`)).json, { printers: [{ name: 'demo', info: 'at a' }] });
  }
  const made = await ask(b, '/api/1/printers', 'POST', { name: 'two', deviceUri: 'socket://127.0.0.1:9101' });
  t.match(made, { status: 201, json: { name: 'two' } });
  t.match(made.response.headers, { 'x-content-type-options': 'nosniff', 'content-type': /^application\/json/ });
  t.equal(a.spooler.printers.must('two').name, 'two');
  t.equal(b.spooler.printers.get('two'), undefined);
  t.match(await ask(b, '/api/1/printers/two', 'PATCH', { info: 'x' }), { status: 200, json: { info: 'x' } });
  t.match(await ask(b, '/api/1/printers/two/pause', 'POST'), { status: 200, json: { paused: true } });
  t.match(await ask(b, '/api/1/printers/two', 'DELETE'), { status: 204 });
  t.match(await ask(b, '/api/1/printers/two'), { status: 404, json: { code: 'printer-not-found' } });
  t.match(await ask(b, '/api/1/printers?group=none'), {
    status: 404,
    json: { code: 'group-not-found', message: /sales/ },
  });
});

t.test('where there are several groups, one must be named', async (t) => {
  const { b, clock } = await started(t);
  await b.operations.createGroup({ name: 'stock', addresses: ['127.0.0.22'] });
  await clock.advance(100);
  t.match(await ask(b, '/api/1/printers'), { status: 400, json: { code: 'bad-request', message: /sales, stock/ } });
});

t.test('a file of 50 MB goes through another node as it comes', async (t) => {
  const { b } = await started(t);
  const content = octets(50 * 2 ** 20);
  const before = memoryUsage().rss;
  for (const headers of [
    { 'content-length': content.length, expect: '100-continue' },
    { 'transfer-encoding': 'chunked' },
  ]) {
    const sent = upload(b, headers);
    if ('expect' in headers) {
      sent.flushHeaders();
      await once(sent, 'continue');
    }
    sent.end(content);
    const { status, json } = await answerTo(sent);
    t.match(
      { status, json },
      {
        status: 201,
        json: {
          documents: [{ length: content.length, sha256: sha256(content) }],
          origin: { protocol: 'rest', address: '127.0.0.1' },
        },
      },
    );
  }
  t.ok(memoryUsage().rss - before < 200 * 2 ** 20);
  t.equal(b.spooler.jobs.unfinishedCountOf('demo'), 0);
});

t.test('a refusal comes before the file is sent', async (t) => {
  const { b } = await started(t);
  const sent = open(b, '/api/1/jobs?printer=none', {
    method: 'POST',
    headers: { 'content-type': 'application/octet-stream', 'content-length': 2 ** 29, expect: '100-continue' },
  });
  let isAsked = false;
  sent.on('continue', () => (isAsked = true));
  sent.on('error', () => {});
  sent.flushHeaders();
  t.match(await answerTo(sent), { status: 404, json: { code: 'printer-not-found' } });
  t.notOk(isAsked);
});

t.test('a client that goes away in the middle leaves nothing at the owner', async (t) => {
  const { a, b } = await started(t);
  const sent = upload(b, { 'content-length': 2 ** 20 });
  sent.on('error', () => {});
  sent.write(octets(2 ** 19));
  await until(async () => (await filesIn(a)).length > 0);
  sent.destroy();
  await until(async () => (await filesIn(a)).length === 0);
  t.match((await ask(b, '/api/1/jobs?which=all')).json, { jobs: [] });
});

/** Stands where the owner's REST API is, and does what the test says. */
const standIn = async (
  t: Test,
  { store, a, clock }: AdminCluster,
  act: Parameters<typeof createServer>[1],
): Promise<Server> => {
  const server = createServer(act);
  server.on('checkContinue', (request, response) => server.emit('request', request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(async () => {
    server.closeAllConnections();
    server.close();
  });
  a.lab.clock.pause();
  const entry = store.entry(keys.node('a'));
  const { port } = server.address() as AddressInfo;
  const record = { ...(entry?.value as object), addresses: { peers: '', rest: `http://127.0.0.1:${port}` } };
  store.commit([], [{ put: keys.node('a'), value: record }]);
  await clock.advance(20);
  return server;
};

t.test('an owner that dies in the middle is told from one that was never reached', async (t) => {
  const cluster = await started(t);
  const { b } = cluster;
  const server = await standIn(t, cluster, (request, response) => {
    if (request.headers.expect !== undefined) response.writeContinue();
    if (request.method === 'GET') request.socket.destroy();
    request.resume();
    if (request.url?.includes('pause') === true) request.on('end', () => request.socket.destroy());
    else request.once('data', () => request.socket.destroy());
  });
  const sent = upload(b, { 'content-length': 2 ** 20 });
  sent.on('error', () => {});
  sent.write(octets(2 ** 18));
  t.match(await answerTo(sent), {
    status: 503,
    json: { code: 'not-owner', message: /not arrived whole: it did nothing/ },
  });
  t.match(await ask(b, '/api/1/printers/demo/pause', 'POST', {}), {
    status: 503,
    json: { code: 'store-outcome-unknown', retriable: true },
  });
  t.match(await ask(b, '/api/1/printers'), {
    status: 503,
    json: { code: 'not-owner', message: /a owns sales, but it does not answer/ },
  });
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  t.match(await ask(b, '/api/1/printers/demo/pause', 'POST', {}), {
    status: 503,
    json: { code: 'not-owner', message: /ECONNREFUSED/ },
  });
});

t.test('an answer that breaks off is never taken for a whole one', async (t) => {
  const cluster = await started(t);
  await standIn(t, cluster, (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': 1_000 });
    response.write('{"printers":[');
    setImmediate(() => response.destroy());
  });
  await t.rejects(ask(cluster.b, '/api/1/printers'));
});

t.test('without a live owner the answer says why', async (t) => {
  const { a, b, store, clock } = await started(t);
  await b.operations.changeGroup('sales', { possibleOwners: ['a'], preferredOwners: null });
  a.lab.clock.kill();
  await clock.advance(4_000);
  t.match(await ask(b, '/api/1/printers'), {
    status: 503,
    json: { code: 'not-owner', message: /a's incarnation is fenced, but b is no possible owner/ },
  });
  t.match(store.entry(keys.owner('sales'))?.value, { node: 'a' });
});

t.test('a request is passed on once only, and only nodes may say that they pass one on', async (t) => {
  const { a, b } = await started(t);
  const from = { 'x-platen-forwarded-by': 'c', 'x-platen-client': '192.0.2.77' };
  const secret = { authorization: `Bearer ${clusterSecret}` };
  t.match(await ask(b, '/api/1/printers', 'GET', undefined, { ...from, ...secret }), {
    status: 503,
    json: { code: 'not-owner' },
  });
  t.match(await ask(a, '/api/1/printers', 'GET', undefined, { ...from, ...secret }), { status: 200 });
  t.match(await ask(a, '/api/1/printers', 'GET', undefined, from), { status: 401 }, 'an operator is no node');
  t.match(await ask(a, '/api/1/printers', 'GET', undefined, secret), { status: 401 }, 'the secret is for nodes only');
  const sent = upload(a, { ...from, ...secret, 'content-length': 3 });
  sent.end('abc');
  t.match((await answerTo(sent)).json, { origin: { address: '192.0.2.77' } });
  const lie = upload(b, { 'content-length': 3, 'x-platen-client': '192.0.2.78' });
  lie.end('abc');
  t.match((await answerTo(lie)).json, { origin: { address: '127.0.0.1' } });
});

t.test('health and owner stay open, each for its own node', async (t) => {
  const { a, b } = await started(t);
  const status = async ({ url }: ClusterAdmin): Promise<number> => (await fetch(`${url}/owner/sales`)).status;
  t.same([await status(a), await status(b)], [200, 503]);
  t.equal((await fetch(`${b.url}/healthz`)).status, 200);
});
