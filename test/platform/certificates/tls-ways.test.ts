// Who is refused on a connection between two nodes, from both sides, over real sockets (R91, F37).

import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import type { Server } from 'node:http';
import { get, request } from 'node:https';
import { type AddressInfo, connect as connectPlain } from 'node:net';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { connect } from 'node:tls';
import { promisify } from 'node:util';
import type { Test } from 'tap';
import t from 'tap';
import type { NodeWay } from '../../../lib/platform/node-ways.js';
import { plainWays } from '../../../lib/platform/node-ways.js';
import { testAuthority, type TestNode, testNode } from '../../support/certificates.js';
import { FakeClock } from '../../support/fake-clock.js';
import { temporaryDirectory } from '../../support/temporary.js';

const dayMs = 86_400_000;

/** Answers with the name of the node that it believes to be asked by. */
const listen = async (t: Test, { ways }: TestNode, strangers: 'refused' | 'welcome' = 'refused') => {
  let heard = 0;
  const server: Server = ways.createServer({ keepAliveTimeout: 60_000 }, strangers, (asked, answer) => {
    heard += 1;
    const claimed = String(asked.headers['x-node']);
    asked.resume().on('end', () => answer.end(ways.isFrom(asked.socket, claimed) ? claimed : 'nobody'));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  return { server, port, address: `https://127.0.0.1:${port}`, heard: () => heard };
};

/** What is answered, or the error's message. */
const ask = async (way: NodeWay, address: string, claimed: string): Promise<string> => {
  try {
    const sent = way.open(address, { path: '/', headers: { 'x-node': claimed } });
    sent.end();
    const response = await new Promise<NodeJS.ReadableStream>((resolve, reject) => {
      sent.once('response', resolve);
      sent.on('error', reject);
    });
    let text = '';
    for await (const chunk of response) text += String(chunk);
    return text;
  } catch (error) {
    return `error: ${(error as Error).message}`;
  }
};

t.test('two nodes of one authority know each other, by TLS 1.3', async (t) => {
  const authority = await testAuthority(t);
  const a = await testNode(t, 'a', await authority.give('a'));
  const b = await testNode(t, 'b', await authority.give('b'));
  const place = await listen(t, b);
  t.equal(await ask(a.ways.to('b'), place.address, 'a'), 'a');
  t.equal(await ask(a.ways.to('b'), place.address, 'c'), 'nobody', 'a node cannot say that it is another one');
  t.same([a.news, b.news], [[], []]);
  const material = a.credentials.material.texts;
  const old = connect({
    port: place.port,
    host: '127.0.0.1',
    ...material,
    minVersion: 'TLSv1.2',
    maxVersion: 'TLSv1.2',
  });
  await t.rejects(once(old, 'secureConnect'), { code: /PROTOCOL_VERSION/ }, 'TLS 1.2 is refused');
});

t.test('wrong at the end that asks: nothing that it says is heard', async (t) => {
  const [authority, foreign] = [await testAuthority(t), await testAuthority(t)];
  const b = await testNode(t, 'b', await authority.give('b'));
  const place = await listen(t, b);
  const rootOf = authority.filesOf('b').ca;
  const withRoot = async (who: typeof authority, node: string, options: object) => {
    const files = await who.give(node, options);
    return { ...files, ca: rootOf, crl: undefined };
  };
  const now = Date.now();
  const cases = {
    "is not from the cluster's authority": await foreign.give('x1'),
    'has ended': await withRoot(authority, 'x2', { now: now - 10 * dayMs, days: 1 }),
    'is not valid yet': await withRoot(authority, 'x3', { now: now + dayMs, days: 1 }),
  };
  for (const [fault, { certificate, key }] of Object.entries(cases)) {
    const [cert, keyText] = await Promise.all([certificate, key].map((file) => readText(file)));
    const outcome = await rawAsk(place.port, { cert, key: keyText });
    t.equal(outcome, 'closed', fault);
    t.match(b.news.splice(0), [
      new RegExp(`^certificate-refused: the certificate of node x\\d at 127.0.0.1 ${fault}$`),
    ]);
  }
  t.equal(await rawAsk(place.port, {}), 'closed', 'no certificate');
  t.match(b.news.splice(0), [/^certificate-refused: the certificate of a stranger at 127.0.0.1 is missing$/]);
  const root = { cert: await readText(authority.rootFile), key: await readText(authority.keyFile) };
  t.equal(await rawAsk(place.port, root), 'closed', "the authority's own certificate is no node's");
  t.equal(place.heard(), 0);
});

t.test('wrong at the end that is asked: nothing is said to it', async (t) => {
  const [authority, foreign] = [await testAuthority(t), await testAuthority(t)];
  const a = await testNode(t, 'a', await authority.give('a'));
  const now = Date.now();
  const cases: [string, Awaited<ReturnType<typeof authority.give>>, RegExp][] = [
    [
      'b',
      await foreign.give('b'),
      /^certificate-refused: the certificate of node b at \S+ is not from the cluster's authority$/,
    ],
    ['c', await authority.give('c', { now: now - 10 * dayMs, days: 1 }), /has ended$/],
    ['d', await authority.give('d', { now: now + dayMs, days: 1 }), /is not valid yet$/],
  ];
  for (const [node, files, news] of cases) {
    const place = await listen(t, await testNode(t, node, files, { clock: new FakeClock(now) }));
    t.match(await ask(a.ways.to(node), place.address, 'a'), /^error: /, String(news));
    t.equal(place.heard(), 0);
    t.match(a.news.splice(0), [news]);
  }
  const e = await listen(t, await testNode(t, 'e', await authority.give('e')));
  t.equal(await ask(a.ways.to('f'), e.address, 'a'), 'error: its certificate is of node e');
  t.match(a.news.splice(0), [/^certificate-refused: the certificate of node f at \S+ is of another node$/]);
  t.equal(e.heard(), 0);
});

t.test('a node that was revoked is refused at once, on connections that stand, too', async (t) => {
  const authority = await testAuthority(t);
  const a = await testNode(t, 'a', await authority.give('a'));
  const b = await testNode(t, 'b', await authority.give('b'));
  const c = await testNode(t, 'c', await authority.give('c'));
  const [atB, atC] = [await listen(t, b), await listen(t, c)];
  const [fromC, fromA] = [c.ways.to('b', 60_000), a.ways.to('b', 60_000)];
  t.teardown(() => [fromC, fromA].forEach((way) => way.close()));
  t.equal(await ask(fromC, atB.address, 'c'), 'c');
  t.equal(await ask(fromA, atB.address, 'a'), 'a');
  // One that is under way.
  const upload = fromC.open(atB.address, { method: 'PUT', path: '/', headers: { 'x-node': 'c' } });
  const cut = once(upload, 'error');
  upload.write('half');
  await until(() => atB.heard() === 3);
  const toC = a.ways.to('c', 60_000).open(atC.address, { method: 'PUT', path: '/', headers: { 'x-node': 'a' } });
  const cutAtA = once(toC, 'error');
  toC.write('half');
  await until(() => atC.heard() === 1);

  await authority.revoke('c', { old: false, now: Date.now() });
  await Promise.all([b.credentials.look(), a.credentials.look()]);
  await cut;
  t.match(await cutAtA, [{ message: 'the certificate is revoked' }], 'whoever sends to it stops, too');
  t.match(await ask(fromC, atB.address, 'c'), /^error/);
  t.match(b.news.at(-1), /^certificate-refused: the certificate of node c at 127.0.0.1 is revoked$/);
  t.equal(await ask(fromA, atB.address, 'a'), 'a');
});

t.test('new certificates are used without a break; the one before is worth nothing once it is revoked', async (t) => {
  const authority = await testAuthority(t);
  const files = await authority.give('a');
  const a = await testNode(t, 'a', files);
  const b = await testNode(t, 'b', await authority.give('b'));
  const place = await listen(t, b);
  const way = a.ways.to('b', 60_000);
  t.teardown(() => way.close());
  const before = path.join(await temporaryDirectory(t), 'old');
  await copyFile(files.certificate, `${before}.crt`);
  await copyFile(files.key, `${before}.key`);
  const old = { cert: await readText(`${before}.crt`), key: await readText(`${before}.key`) };
  // A request under way, on the old certificate, ends as it should.
  const upload = way.open(place.address, { method: 'PUT', path: '/', headers: { 'x-node': 'a' } });
  upload.write('half');
  await until(() => place.heard() === 1);
  await authority.give('a');
  await authority.give('b');
  await Promise.all([a.credentials.look(), b.credentials.look()]);
  const answer = once(upload, 'response');
  upload.end('the other half');
  t.match(await answer, [{ statusCode: 200 }]);
  t.equal(await ask(way, place.address, 'a'), 'a');
  t.not(await rawAsk(place.port, old), 'closed', 'it is valid for as long as it says');
  await authority.revoke('a', { old: true, now: Date.now() });
  await b.credentials.look();
  t.equal(await rawAsk(place.port, old), 'closed', 'replayed after the rotation');
  t.equal(await ask(way, place.address, 'a'), 'a');
});

t.test('an authority is replaced by way of a file that holds both', async (t) => {
  const [older, newer] = [await testAuthority(t), await testAuthority(t)];
  const [a, b] = [await older.give('a'), await newer.give('b')];
  const folder = await temporaryDirectory(t);
  const [ca, crl] = [path.join(folder, 'ca'), path.join(folder, 'crl')];
  await writeBoth(ca, a.ca, b.ca);
  await writeBoth(crl, a.crl ?? '', b.crl ?? '');
  const one = await testNode(t, 'a', { ...a, ca, crl });
  const other = await testNode(t, 'b', { ...b, ca, crl });
  t.equal(await ask(one.ways.to('b'), (await listen(t, other)).address, 'a'), 'a');
  t.equal(await ask(other.ways.to('a'), (await listen(t, one)).address, 'b'), 'b');
});

t.test('a connection ends with the certificate of either end', async (t) => {
  const authority = await testAuthority(t);
  const clock = new FakeClock(Date.now());
  const a = await testNode(t, 'a', await authority.give('a'));
  const b = await testNode(t, 'b', await authority.give('b', { days: 90 }), { clock });
  const place = await listen(t, b);
  const way = a.ways.to('b', 60_000);
  t.teardown(() => way.close());
  t.equal(await ask(way, place.address, 'a'), 'a');
  clock.wallStart += 61 * dayMs;
  t.equal(await ask(way, place.address, 'a'), 'nobody', 'the asker is believed no longer');
  clock.wallStart += 100 * dayMs;
  const count = promisify(place.server.getConnections.bind(place.server));
  t.equal(await count(), 1);
  await b.credentials.look();
  while ((await count()) > 0) await pause(1);
  t.pass('the asked node closes what stands when its own certificate has ended');
});

t.test('where operators come, too, a certificate proves a node and nothing else is asked of others', async (t) => {
  const authority = await testAuthority(t);
  const a = await testNode(t, 'a', await authority.give('a'));
  const b = await testNode(t, 'b', await authority.give('b'));
  const place = await listen(t, b, 'welcome');
  t.equal(await ask(a.ways.to('b'), place.address, 'a'), 'a');
  const ca = await readText(authority.rootFile);
  const [response] = (await once(get(place.address, { ca, headers: { 'x-node': 'a' } }), 'response')) as [
    AsyncIterable<Buffer>,
  ];
  let text = '';
  for await (const chunk of response) text += String(chunk);
  t.equal(text, 'nobody');
  t.same(b.news, []);
});

t.test('nobody speaks plain text with a node that has a certificate, nor the other way round', async (t) => {
  const authority = await testAuthority(t);
  const a = await testNode(t, 'a', await authority.give('a'));
  const b = await testNode(t, 'b', await authority.give('b'));
  const place = await listen(t, b);
  t.equal(await ask(a.ways.to('b'), 'http://127.0.0.1:9', 'a'), 'error: b speaks plain text');
  t.match(await ask(plainWays.to('b'), place.address, 'a'), /wants a certificate, and this node has none/);
  const plain = connectPlain(place.port, '127.0.0.1');
  plain.write('GET / HTTP/1.1\r\nhost: b\r\n\r\n');
  plain.on('error', () => undefined);
  await once(plain, 'close');
  t.equal(place.heard(), 0);
});

t.test('whoever knocks often is told of once a minute', async (t) => {
  const authority = await testAuthority(t);
  const clock = new FakeClock(Date.now());
  const b = await testNode(t, 'b', await authority.give('b'), { clock });
  b.news.length = 0;
  const place = await listen(t, b);
  for (let n = 0; n < 3; n += 1) t.equal(await rawAsk(place.port, {}), 'closed');
  t.equal(b.news.length, 1);
  await clock.advance(60_000);
  await rawAsk(place.port, {});
  t.equal(b.news.length, 2);
});

const readText = (file: string): Promise<string> => readFile(file, 'utf8');

const writeBoth = async (file: string, one: string, other: string): Promise<void> =>
  writeFile(file, (await readText(one)) + (await readText(other)));

const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
};

/** A request of somebody who does not look at whom it speaks with: the answer's status, or `closed`. */
const rawAsk = (port: number, identity: { cert?: string | undefined; key?: string | undefined }): Promise<string> =>
  new Promise((resolve) => {
    const sent = request(
      { host: '127.0.0.1', port, ...identity, agent: false, rejectUnauthorized: false, headers: { 'x-node': 'x' } },
      (response) => {
        response.resume();
        resolve(String(response.statusCode));
      },
    );
    sent.on('error', () => resolve('closed'));
    sent.end();
  });
