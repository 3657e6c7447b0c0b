// HTTP as clients speak it to the IPP listener: versions, framing, keep-alive, pipelining, 100-continue, and what is no IPP request.

import t, { type Test } from 'tap';
import { printed } from '../../support/ipp-printed.js';
import { chunk, HttpConnection, ippRequest, lastChunk, post, postHead } from '../../support/ipp-client.js';
import { paused, startIppServer } from '../../support/ipp-server.js';

const attributes = ippRequest('Get-Printer-Attributes');
const letter = Buffer.from('a letter\n'.repeat(40));
const printLetter = ippRequest('Print-Job', { data: letter });
const open = (t: Test, port: number) => HttpConnection.open(t, port);

t.test('HTTP/1.1 keeps the connection for 20 requests', async (t) => {
  const { ippPort } = await startIppServer(t);
  const connection = await open(t, ippPort);
  for (let request = 1; request <= 20; request += 1) {
    await connection.send(post(ippRequest('Get-Printer-Attributes', { requestId: request })));
    const reply = await connection.reply();
    t.equal(reply.status, 'successful-ok');
    t.equal(reply.message.requestId, request);
  }
});

for (const count of [5, 20])
  t.test(`${count} pipelined requests are answered in order`, async (t) => {
    const { ippPort, allJobs } = await startIppServer(t, { printers: [paused] });
    const connection = await open(t, ippPort);
    const ids = Array.from({ length: count }, (_, index) => index + 1);
    const requests = ids.map((requestId) =>
      post(
        ippRequest(requestId % 2 === 0 ? 'Print-Job' : 'Get-Jobs', { requestId, data: requestId % 2 ? '' : letter }),
      ),
    );
    await connection.send(Buffer.concat(requests));
    for (const id of ids) t.equal((await connection.reply()).message.requestId, id);
    t.equal((await allJobs()).length, Math.floor(count / 2));
  });

t.test('HTTP/1.0 is closed after the answer, unless the client asks to keep it', async (t) => {
  const { ippPort } = await startIppServer(t);
  const once = await open(t, ippPort);
  await once.send(postHead({ 'Content-Length': attributes.length, Host: '' }, '/', '1.0'), attributes);
  t.equal((await once.reply()).status, 'successful-ok');
  await once.ended();
  const kept = await open(t, ippPort);
  for (let request = 0; request < 3; request += 1) {
    const headers = { 'Content-Length': attributes.length, Connection: 'keep-alive' };
    await kept.send(postHead(headers, '/', '1.0'), attributes);
    t.equal((await kept.reply()).status, 'successful-ok');
  }
  const streamed = await open(t, ippPort);
  const list = ippRequest('Get-Jobs');
  await streamed.send(postHead({ 'Content-Length': list.length }, '/', '1.0'), list);
  t.equal((await streamed.reply()).status, 'successful-ok', 'an answer of unknown length ends with the connection');
});

t.test('chunks may begin anywhere in the attributes, extensions and all', async (t) => {
  const server = await startIppServer(t);
  const connection = await open(t, server.ippPort);
  const chunked = postHead({ 'Transfer-Encoding': 'chunked' });
  for (let at = 1; at < attributes.length; at += 1) {
    const parts = [chunk(attributes.subarray(0, at), ';a=b'), chunk(attributes.subarray(at), ';c="d;e"')];
    await connection.send(Buffer.concat([Buffer.from(chunked), ...parts, Buffer.from(lastChunk)]));
    const reply = await connection.reply();
    if (reply.status !== 'successful-ok') t.fail(`cut at ${at}: ${reply.status}`);
  }
  await connection.send(chunked);
  for (const octet of printLetter) await connection.send(chunk(Uint8Array.of(octet)));
  await connection.send(lastChunk);
  t.equal((await connection.reply()).status, 'successful-ok', 'a chunk for each octet');
  await connection.send(chunked, chunk(printLetter), '0\r\n');
  await connection.send('\r\n');
  t.equal((await connection.reply()).status, 'successful-ok', 'the last CRLF in a packet of its own');
  await connection.send(chunked, chunk(printLetter), '0\r\nTrailer: x\r\n\r\n');
  t.equal((await connection.reply()).status, 'successful-ok', 'a trailer');
  for (let job = 0; job < 3; job += 1) t.same((await printed(server, job + 1)).documents, [letter]);
});

t.test('a message cut anywhere across packets is read', async (t) => {
  const { ippPort } = await startIppServer(t);
  const connection = await open(t, ippPort);
  const whole = post(attributes);
  for (let at = 1; at < whole.length; at += 7) {
    await connection.send(whole.subarray(0, at));
    await new Promise((resolve) => setImmediate(resolve));
    await connection.send(whole.subarray(at));
    if ((await connection.reply()).status !== 'successful-ok') t.fail(`cut at ${at}`);
  }
  t.pass();
});

t.test('Content-Length that is too short cuts the message; what follows is no request', async (t) => {
  const { ippPort, allJobs } = await startIppServer(t, { printers: [paused] });
  const connection = await open(t, ippPort);
  await connection.send(postHead({ 'Content-Length': printLetter.length - letter.length - 20 }), printLetter);
  t.equal((await connection.reply()).status, 'client-error-bad-request');
  t.equal((await connection.answer())?.status, 400);
  await connection.ended();
  t.same(await allJobs(), []);
});

t.test('Expect: 100-continue is answered before the body', async (t) => {
  const server = await startIppServer(t);
  for (const request of [attributes, printLetter]) {
    const connection = await open(t, server.ippPort);
    await connection.send(postHead({ 'Content-Length': request.length, Expect: '100-continue' }));
    t.equal((await connection.answer())?.status, 100);
    await connection.send(request);
    t.equal((await connection.reply()).status, 'successful-ok');
  }
  t.same((await printed(server)).documents, [letter]);
});

const refused: readonly { name: string; head: Readonly<Record<string, string | number>>; status: number }[] = [
  { name: 'another content type', head: { 'Content-Type': 'text/plain' }, status: 415 },
  { name: 'no content type', head: { 'Content-Type': '' }, status: 415 },
  { name: 'a type that only begins alike', head: { 'Content-Type': 'application/ippx' }, status: 415 },
  { name: 'a compressed body', head: { 'Content-Encoding': 'gzip' }, status: 415 },
  { name: 'more than the largest document', head: { 'Content-Length': 2 ** 31 }, status: 413 },
];
for (const { name, head, status } of refused)
  t.test(`${name}: ${status}, asked with 100-continue or not`, async (t) => {
    const { ippPort } = await startIppServer(t);
    const waiting = await open(t, ippPort);
    await waiting.send(postHead({ 'Content-Length': attributes.length, Expect: '100-continue', ...head }));
    t.equal((await waiting.answer())?.status, status, 'refused without reading');
    const sending = await open(t, ippPort);
    await sending.send(postHead({ 'Content-Length': attributes.length, ...head }), attributes);
    t.equal((await sending.answer())?.status, status);
  });

t.test('a content type with parameters and capitals is IPP', async (t) => {
  const { ippPort } = await startIppServer(t);
  const connection = await open(t, ippPort);
  await connection.send(post(attributes, { 'Content-Type': 'Application/IPP; charset=x' }));
  t.equal((await connection.reply()).status, 'successful-ok');
});

const strange: readonly { name: string; octets: string; status: number }[] = [
  { name: 'PUT', octets: 'PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc', status: 405 },
  { name: 'TRACE', octets: 'TRACE / HTTP/1.1\r\nHost: x\r\n\r\n', status: 405 },
  {
    name: 'OPTIONS with an upgrade',
    octets: 'OPTIONS * HTTP/1.1\r\nHost: x\r\nUpgrade: TLS/1.0\r\nConnection: Upgrade\r\n\r\n',
    status: 405,
  },
  { name: 'a GET with a body', octets: 'GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc', status: 400 },
  {
    name: '1.1 without Host',
    octets: 'POST / HTTP/1.1\r\nContent-Type: application/ipp\r\nContent-Length: 0\r\n\r\n',
    status: 400,
  },
  { name: 'garbage', octets: '\x00\x01\x02\x03garbage\r\n\r\n', status: 400 },
  { name: 'a TLS hello', octets: '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', status: 400 },
  { name: 'HTTP/2', octets: 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', status: 400 },
  { name: 'a method that is none', octets: 'PRINT / HTTP/1.1\r\nHost: x\r\n\r\n', status: 400 },
  {
    name: 'two lengths',
    octets: 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n',
    status: 400,
  },
  {
    name: 'length and chunks',
    octets: 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n',
    status: 400,
  },
  { name: 'a negative length', octets: 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -3\r\n\r\n', status: 400 },
  { name: 'a header of 20 KiB', octets: `GET / HTTP/1.1\r\nHost: x\r\nX: ${'y'.repeat(20_000)}\r\n\r\n`, status: 431 },
];
for (const { name, octets, status } of strange)
  t.test(`${name} is answered with ${status} and the connection closed`, async (t) => {
    const { ippPort } = await startIppServer(t);
    const connection = await open(t, ippPort);
    await connection.send(Buffer.from(octets, 'latin1'));
    t.equal((await connection.answer())?.status, status);
    await connection.ended();
  });

t.test('a bad chunk in the middle of a document closes the connection and leaves nothing', async (t) => {
  const { ippPort, allJobs, spoolFiles } = await startIppServer(t);
  const connection = await open(t, ippPort);
  await connection.send(postHead({ 'Transfer-Encoding': 'chunked' }), chunk(printLetter), 'xyz\r\nabc');
  await connection.ended();
  while ((await spoolFiles()).length > 0) await new Promise((resolve) => setImmediate(resolve));
  t.same(await allJobs(), []);
});

t.test('garbage behind a good request does not swallow its answer', async (t) => {
  const server = await startIppServer(t);
  const connection = await open(t, server.ippPort);
  await connection.send(Buffer.concat([post(printLetter), Buffer.from('\0garbage\r\n\r\n')]));
  t.equal((await connection.reply()).status, 'successful-ok');
  t.equal((await connection.answer())?.status, 400);
  await connection.ended();
  t.same((await printed(server)).documents, [letter]);
});

t.test('a client that closes its sending side after the request gets its answer', async (t) => {
  const server = await startIppServer(t);
  const connection = await open(t, server.ippPort);
  connection.socket.end(post(printLetter));
  t.equal((await connection.reply()).status, 'successful-ok');
  t.same((await printed(server)).documents, [letter]);
});

t.test('a client that goes on sending a refused document of 20 MB gets to read why', async (t) => {
  const { ippPort } = await startIppServer(t);
  const data = Buffer.alloc(20_000_000);
  for (const call of [
    { uri: 'ipp://x/printers/none', data },
    { code: 0x4321, data },
  ]) {
    const connection = await open(t, ippPort);
    await connection.send(post(ippRequest('Print-Job', call)));
    const answer = await connection.answer();
    t.equal(answer?.headers['connection'], 'close');
    t.equal(answer?.status, 200);
    await connection.ended();
  }
});

t.test('a URI in the answer is built from the name that the client used', async (t) => {
  const { ippPort } = await startIppServer(t);
  const cases = [
    ['print.example.org:8631', 'print.example.org:8631'],
    ['PRINT.example.ORG', `print.example.org:${ippPort}`],
    ['[::1]:631', '[::1]:631'],
    ['evil"><b>', `127.0.0.1:${ippPort}`],
    ['a:b@c', `127.0.0.1:${ippPort}`],
  ];
  for (const [host = '', authority] of cases) {
    const connection = await open(t, ippPort);
    await connection.send(post(attributes, { Host: host }));
    t.equal((await connection.reply()).value('printer-uri-supported'), `ipp://${authority}/printers/lp`, host);
  }
});
