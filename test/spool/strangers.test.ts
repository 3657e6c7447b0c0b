// Whoever else finds the port that nodes bring documents to.

import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Test } from 'tap';
import t from 'tap';
import { filesBelow, octets } from '../support/spool.js';
import { Peers, secret, startNode } from '../support/spool-nodes.js';

const start = async (t: Test) => {
  const node = await startNode(t, new Peers(), 'b');
  await node.spool.openEpoch('sales', 1);
  return node;
};

const ask = (
  address: string,
  {
    method = 'GET',
    path: asked,
    headers = {},
    body = Buffer.alloc(0),
  }: { method?: string; path: string; headers?: object; body?: Buffer },
): Promise<number> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(address);
    const request = httpRequest({ hostname, port, method, path: asked, headers: { ...headers } }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    request.on('error', reject);
    request.end(body);
  });

const good = { authorization: `Bearer ${secret}` };

t.test('who does not know the secret is told nothing, whatever the path', async (t) => {
  const { address, directory } = await start(t);
  for (const authorization of [
    undefined,
    '',
    'Bearer ',
    `Bearer ${secret}x`,
    `bearer ${secret}`,
    `Basic ${secret}`,
    secret,
  ])
    for (const [method, asked] of [
      ['GET', '/v1/answer'],
      ['GET', '/nothing'],
      ['PUT', '/v1/documents/sales/1/1/1'],
      ['POST', '/v1/small/sales/1'],
      ['POST', '/v1/removals/sales'],
    ] as const)
      t.equal(
        await ask(address, { method, path: asked, headers: authorization === undefined ? {} : { authorization } }),
        401,
        `${authorization} ${method} ${asked}`,
      );
  t.same(await filesBelow(path.join(directory, 'documents')), []);
});

t.test('paths that are none of ours are refused', async (t) => {
  const { address, directory } = await start(t);
  await writeFile(path.join(directory, 'token'), 'secret');
  const hash = 'a'.repeat(64);
  for (const [method, asked] of [
    ['GET', '/'],
    ['GET', '/v1/answer/'],
    ['GET', '/v1/answer?x'],
    ['GET', `/v1/copies/sales/1/../../token?length=6&sha256=${hash}`],
    ['GET', `/v1/copies/sales/1/..%2f..%2ftoken?length=6&sha256=${hash}`],
    ['GET', `/v1/copies/../1/7.1.${'a'.repeat(16)}?length=6&sha256=${hash}`],
    ['GET', `/v1/copies/sales/1/token?length=6&sha256=${hash}`],
    ['GET', `/v1/copies/sales/99999999999999999999/7.1.${'a'.repeat(16)}?length=6&sha256=${hash}`],
    ['GET', `/v1/copies/sales/9999999999999999/7.1.${'a'.repeat(16)}?length=6&sha256=${hash}`],
    ['GET', `/v1/copies/sales/1/7.1.${'a'.repeat(16)}?length=6`],
    ['PUT', '/v1/documents/../1/1/1'],
    ['PUT', '/v1/documents/sales/1/1/-1'],
    ['PUT', '/v1/documents/sales/01/1/1'],
    ['PUT', '/v1/documents/sa%6ces/1/1/1'],
    ['PUT', '/v1/answer'],
    ['POST', '/v1/documents/sales/1/1/1'],
    ['DELETE', '/v1/documents/sales/1/1/1'],
    ['PATCH', '/v1/small/sales/1'],
  ] as const)
    t.equal(await ask(address, { method, path: asked, headers: good }), 404, `${method} ${asked}`);
});

t.test('bodies that are not what they should be are refused, and nothing is kept', async (t) => {
  const { address, directory, spool } = await start(t);
  const cases: [string, Buffer][] = [
    ['/v1/small/sales/1', octets(10)],
    ['/v1/small/sales/1', Buffer.from(`platen-document 1 1 4 ${'a'.repeat(64)} 00000000`.padEnd(143) + '\nabcd')],
    ['/v1/small/sales/1', octets(3 << 20)],
    ['/v1/removals/sales', Buffer.from('nonsense')],
    ['/v1/removals/sales', Buffer.from('{}')],
    ['/v1/removals/sales', Buffer.from('[null]')],
    ['/v1/removals/sales', Buffer.from('[{"epoch":1,"file":"../../token","length":1,"sha256":""}]')],
    ['/v1/removals/sales', Buffer.from('[{"epoch":-1,"file":"x","length":1,"sha256":""}]')],
  ];
  for (const [asked, body] of cases) {
    const status = await ask(address, { method: 'POST', path: asked, headers: good, body }).catch(() => 400);
    t.equal(status, 400, `${asked} ${body.toString('latin1', 0, 40)}`);
  }
  t.equal(spool.usage().documents, 0);
  t.same(await filesBelow(path.join(directory, 'documents')), []);
  t.equal(await ask(address, { path: '/v1/answer', headers: good }), 200, 'it still answers');
});

t.test('garbage, half a request and other protocols end nothing but their connection', async (t) => {
  const { address } = await start(t);
  const { hostname, port } = new URL(address);
  for (const octetsSent of [
    '\0\0\0\0\0\0\0\0\r\n\r\n',
    'GET / HTTP/9.9\r\n\r\n',
    `GET / HTTP/1.1\r\nx: ${'a'.repeat(20_000)}\r\n\r\n`,
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    '\x16\x03\x01\x02\x00',
    `CONNECT x:1 HTTP/1.1\r\nhost: x\r\n\r\n`,
    `GET / HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n`,
    `PUT /v1/documents/sales/1/1/1 HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${secret}\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n`,
    `PUT /v1/documents/sales/1/1/1 HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${secret}\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n`,
  ]) {
    const socket = connect(Number(port), hostname);
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    socket.write(octetsSent, 'latin1');
    socket.resume();
    await once(socket, 'close');
  }
  t.equal(await ask(address, { path: '/v1/answer', headers: good }), 200, 'it still answers');
});
