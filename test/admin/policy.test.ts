import { createHash } from 'node:crypto';
import t from 'tap';
import { assertPolicy } from '../../lib/admin/policy.js';
import { startTestAdmin, testToken } from '../support/admin.js';

type Admin = Awaited<ReturnType<typeof startTestAdmin>>;

const storeDigest = async ({ store }: Admin): Promise<string> =>
  createHash('sha256')
    .update(JSON.stringify((await store.range('/')).entries))
    .digest('hex');

t.test('a route that declares no policy is refused', async (t) => {
  const handler = (): void => {};
  t.throws(() => assertPolicy({ method: 'GET', url: '/x', handler }), /declares no policy/);
  t.equal(assertPolicy({ method: 'GET', url: '/x', handler, config: { policy: 'token' } }), 'token');
});

t.test('without the token every route but three answers 401 and changes nothing', async (t) => {
  const made = await startTestAdmin(t);
  const { admin, spooler, events } = made;
  await spooler.addPrinter({ name: 'demo', deviceUri: 'socket://127.0.0.1' });
  await events.settled();
  const before = await storeDigest(made);
  const open = new Set<string>();
  const credentials: readonly (Record<string, string> | undefined)[] = [
    undefined,
    { authorization: 'Bearer wrong' },
    { authorization: `Bearer ${testToken}x` },
    { authorization: `Bearer ${testToken} ${testToken}` },
    { authorization: testToken },
    { authorization: `Basic ${Buffer.from(`root:${testToken}`).toString('base64')}` },
    { authorization: `Negotiate ${testToken}` },
    { authorization: `Local ${testToken}` },
    { authorization: '' },
    { cookie: `token=${testToken}` },
    { 'x-forwarded-for': '127.0.0.1', forwarded: 'for=127.0.0.1' },
  ];
  let asked = 0;
  for (const { method, url, policy } of admin.routes) {
    const target = url.replace(':name', 'demo').replace(':id', '1').replace(':group', 'print');
    for (const headers of credentials) {
      const answer = await admin.inject({
        method,
        url: target,
        headers: { host: 'alpha', ...headers },
      });
      asked += 1;
      if (policy === 'open') {
        t.equal(answer.statusCode, 200, `${method} ${url}`);
        open.add(url);
        continue;
      }
      t.equal(answer.statusCode, 401, `${method} ${url} ${JSON.stringify(headers)}`);
      t.equal(answer.headers['www-authenticate'], 'Bearer');
      if (method !== 'HEAD') t.match(answer.json(), { code: 'not-authenticated', status: 401 });
    }
  }
  t.ok(asked > 250, `${asked} requests`);
  t.same([...open].sort(), ['/healthz', '/openapi.json', '/owner/:group']);
  await events.settled();
  t.equal(await storeDigest(made), before);
});

t.test('what does not exist looks the same as what does to those without the token', async (t) => {
  const { admin, ask } = await startTestAdmin(t);
  const urls = [
    '/',
    '/api/1/nothing',
    '/api/1/jobs/../status',
    '//api/1/status',
    '/api/1/status;x',
    '/api/1/%73tatus',
    '/api/1/status/',
  ];
  for (const url of urls) {
    t.equal((await admin.inject({ url, headers: { host: 'alpha' } })).statusCode, 401, url);
  }
  const missing = await ask('GET', '/api/1/nothing');
  t.equal(missing.statusCode, 404);
  t.match(missing.json(), { code: 'not-found' });
});

t.test('the scheme may be written in any case, as RFC 9110 has it', async (t) => {
  const { admin } = await startTestAdmin(t);
  const headers = { host: 'alpha', authorization: `bEARER ${testToken}` };
  t.equal((await admin.inject({ url: '/api/1/status', headers })).statusCode, 200);
});

t.test('requests of pages of other origins change nothing', async (t) => {
  const { admin } = await startTestAdmin(t);
  const cases: readonly [Record<string, string>, number][] = [
    [{ origin: 'http://evil.example' }, 403],
    [{ origin: 'null' }, 403],
    [{ 'sec-fetch-site': 'cross-site' }, 403],
    [{ 'sec-fetch-site': 'same-site' }, 403],
    [{ 'sec-fetch-site': 'same-origin', origin: 'http://alpha' }, 404],
    [{ 'sec-fetch-site': 'none' }, 404],
  ];
  for (const [headers, status] of cases) {
    const answer = await admin.inject({
      method: 'POST',
      url: '/api/1/printers/none/resume',
      headers: { host: 'alpha', authorization: `Bearer ${testToken}`, ...headers },
    });
    t.equal(answer.statusCode, status, JSON.stringify(headers));
  }
});
