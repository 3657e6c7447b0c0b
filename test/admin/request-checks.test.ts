import { connect } from 'node:net';
import { once } from 'node:events';
import t from 'tap';
import { startTestAdmin, testToken } from '../support/admin.js';

/** Sends one request as it is and returns the whole answer. */
const exchange = async (port: number, text: string): Promise<string> => {
  const socket = connect(port, '127.0.0.1');
  socket.end(text);
  let answer = '';
  socket.on('data', (chunk: Buffer) => {
    answer += chunk.toString('latin1');
  });
  await once(socket, 'close');
  return answer;
};

t.test('only names of this listener are answered', async (t) => {
  const { admin } = await startTestAdmin(t);
  const { port } = await admin.listen({ host: '127.0.0.1', port: 0 });
  const cases: readonly [string, number][] = [
    [`127.0.0.1:${port}`, 200],
    ['127.0.0.1', 200],
    ['localhost', 200],
    ['LOCALHOST:1', 200],
    ['alpha', 200],
    ['admin.example.org:8630', 200],
    ['evil.example', 400],
    [`evil.example:${port}`, 400],
    ['127.0.0.1.evil.example', 400],
    ['127.0.0.2', 400],
    ['printer.local', 400],
    ['', 400],
    ['localhost@evil.example', 400],
  ];
  for (const [host, status] of cases) {
    const answer = await exchange(
      port,
      `GET /api/1/status HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${testToken}\r\nX-Forwarded-Host: alpha\r\nConnection: close\r\n\r\n`,
    );
    t.equal(answer.split(' ')[1], String(status), host);
    if (status !== 200) t.notMatch(answer, /startedAt/);
  }
  const bare = await exchange(port, `GET /api/1/status HTTP/1.0\r\nAuthorization: Bearer ${testToken}\r\n\r\n`);
  t.match(bare, /^HTTP\/1\.1 400 /, 'no Host at all');
  const hostile = await exchange(port, 'GET /healthz HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n');
  t.match(hostile, /^HTTP\/1\.1 400 /, 'open routes too');
});

t.test('only JSON is read, and only what the schema knows', async (t) => {
  const { admin, ask } = await startTestAdmin(t);
  const body = '{"name":"demo","deviceUri":"socket://127.0.0.1"}';
  const cases: readonly [string, string | undefined, string, number][] = [
    ['text', 'text/plain', body, 415],
    ['a form', 'application/x-www-form-urlencoded', 'name=demo', 415],
    ['multipart', 'multipart/form-data; boundary=x', '--x--', 415],
    ['octets', 'application/octet-stream', body, 415],
    ['no media type', undefined, body, 415],
    ['JSON that is none', 'application/json', '{', 400],
    ['nothing', 'application/json', '', 400],
    ['an array', 'application/json', '[]', 400],
    ['an unknown key', 'application/json', '{"name":"demo","deviceUri":"socket://127.0.0.1","uuid":"x"}', 400],
    ['a prototype', 'application/json', '{"name":"demo","deviceUri":"socket://127.0.0.1","__proto__":{"x":1}}', 400],
    ['too much', 'application/json', JSON.stringify({ name: 'x'.repeat(70_000) }), 413],
    [
      'control characters',
      'application/json',
      '{"name":"demo","deviceUri":"socket://127.0.0.1","info":"a\\u001b[31m"}',
      400,
    ],
    ['what is right', 'application/json; charset=utf-8', body, 201],
  ];
  for (const [name, type, payload, status] of cases) {
    const answer = await admin.inject({
      method: 'POST',
      url: '/api/1/printers',
      headers: {
        host: 'alpha',
        authorization: `Bearer ${testToken}`,
        ...(type === undefined ? {} : { 'content-type': type }),
      },
      payload: Buffer.from(payload),
    });
    t.equal(answer.statusCode, status, name);
    t.equal(answer.headers['x-content-type-options'], 'nosniff');
    if (status >= 400) {
      t.equal(answer.headers['content-type'], 'application/problem+json', name);
      t.match(answer.json(), { status, code: String, message: String, retriable: false }, name);
    }
  }
  t.equal((await ask('GET', '/api/1/status?verbose=1')).statusCode, 400);
  t.equal((await ask('GET', '/api/1/jobs?wich=all')).statusCode, 400);
  t.equal((await ask('GET', '/api/1/jobs?limit=1&limit=2')).statusCode, 400);
  t.equal((await ask('GET', '/api/1/jobs?limit=251')).statusCode, 400);
  t.equal((await ask('GET', '/api/1/jobs/0')).statusCode, 400);
});

t.test('the document of the API names every route and no secret', async (t) => {
  const { admin } = await startTestAdmin(t);
  const answer = await admin.inject({ url: '/openapi.json', headers: { host: 'alpha' } });
  t.match(answer.headers['content-type'], /^application\/json/);
  const document = answer.json<{ openapi: string; paths: Record<string, Record<string, { security: unknown[] }>> }>();
  t.equal(document.openapi, '3.1.0');
  for (const { method, url, policy } of admin.routes) {
    if (method === 'HEAD' || url === '/openapi.json') continue;
    const operation = document.paths[url.replace(/:(\w+)/g, '{$1}')]?.[method.toLowerCase()];
    t.ok(operation, `${method} ${url}`);
    t.equal(operation?.security.length, policy === 'open' ? 0 : 1);
  }
  t.notMatch(answer.body, testToken);
});

t.test('the health and the owner of a group are answered without names', async (t) => {
  const { admin, disown } = await startTestAdmin(t);
  const ask = (url: string) => admin.inject({ url, headers: { host: 'alpha' } });
  t.same((await ask('/healthz')).json(), { status: 'ok' });
  t.match(await ask('/owner/print'), { statusCode: 200, body: '{"online":true}' });
  t.match(await ask('/owner/other'), { statusCode: 503, body: '{"online":false}' });
  disown();
  t.match(await ask('/owner/print'), { statusCode: 503, body: '{"online":false}' });
});
