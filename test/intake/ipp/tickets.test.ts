// What a client wants of a job and of a document: fidelity, formats, compression (RFC 8011 sections 4.1.7, 4.2.1.1; R63).

import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import t from 'tap';
import { groupTags } from '../../../lib/protocols/ipp/tags.js';
import * as ipp from '../../../lib/protocols/ipp/values.js';
import { chunk, HttpConnection, ippRequest, lastChunk, postHead } from '../../support/ipp-client.js';
import { printed } from '../../support/ipp-printed.js';
import { paused, startIppServer } from '../../support/ipp-server.js';

const { attribute } = ipp;
const text = Buffer.from('All work and no play makes Jack a dull boy.\n'.repeat(500));

const unsupported: readonly { name: string; job: ipp.IppAttribute; comesBack: 'name' | 'value' | undefined }[] = [
  { name: 'an unknown attribute', job: attribute('sides', ipp.keyword('one-sided')), comesBack: 'name' },
  {
    name: 'an unknown collection',
    job: attribute('media-col', ipp.collection([attribute('x', ipp.integer(1))])),
    comesBack: 'name',
  },
  { name: 'an attribute named like a method', job: attribute('constructor', ipp.integer(1)), comesBack: 'name' },
  { name: 'copies 0', job: attribute('copies', ipp.integer(0)), comesBack: 'value' },
  { name: 'too many copies', job: attribute('copies', ipp.integer(10_000)), comesBack: 'value' },
  { name: 'copies as keyword', job: attribute('copies', ipp.keyword('two')), comesBack: 'value' },
  { name: 'priority 101', job: attribute('job-priority', ipp.integer(101)), comesBack: 'value' },
  { name: 'a hold that is none', job: attribute('job-hold-until', ipp.keyword('tomorrow')), comesBack: 'value' },
  { name: 'a banner', job: attribute('job-sheets', ipp.keyword('standard')), comesBack: 'value' },
  { name: 'no banner', job: attribute('job-sheets', ipp.keyword('none')), comesBack: undefined },
  { name: '9999 copies', job: attribute('copies', ipp.integer(9999)), comesBack: undefined },
  { name: 'a hold as name', job: attribute('job-hold-until', ipp.name('indefinite')), comesBack: undefined },
];
t.test('what is not supported is told, and with fidelity it refuses the job', async (t) => {
  const server = await startIppServer(t, { printers: [paused] });
  const fidelity = { operation: [attribute('ipp-attribute-fidelity', ipp.boolean(true))] };
  for (const { name, job, comesBack } of unsupported) {
    const before = server.spooler.jobs.unfinishedCount;
    const strict = await server.ask('Print-Job', { ...fidelity, job: [job], data: text });
    const lax = await server.ask('Print-Job', { job: [job], data: text });
    const told =
      comesBack === undefined ? [] : [{ ...job, values: comesBack === 'name' ? [{ tag: 0x10 }] : job.values }];
    for (const reply of [strict, lax])
      t.match(
        reply.groups(groupTags.unsupported).flatMap(({ attributes }) => attributes),
        told,
        name,
      );
    const good = comesBack === undefined ? 'successful-ok' : undefined;
    t.equal(strict.status, good ?? 'client-error-attributes-or-values-not-supported', name);
    t.equal(lax.status, good ?? 'successful-ok-ignored-or-substituted-attributes', name);
    t.equal(server.spooler.jobs.unfinishedCount - before, good === undefined ? 1 : 2);
  }
});

t.test('the formats of the printer are taken, no others', async (t) => {
  const printers = [{ ...paused, formats: ['application/pdf', 'image/jpeg'] }];
  const server = await startIppServer(t, { printers });
  const status = async (format: string) => {
    const operation = [attribute('document-format', ipp.mimeType(format))];
    const reply = await server.ask('Print-Job', { operation, data: text });
    return [reply.status, ...reply.names(groupTags.unsupported)];
  };
  for (const format of [
    'application/octet-stream',
    'application/vnd.cups-raw',
    'application/pdf',
    'IMAGE/JPEG',
    'application/pdf; version=1.7',
  ])
    t.same(await status(format), ['successful-ok'], format);
  for (const format of ['text/plain', 'application/pdfx', 'application', ''])
    t.same(await status(format), ['client-error-document-format-not-supported', 'document-format'], format);
  const jobs = await server.allJobs();
  t.same(
    jobs.map(({ documents }) => documents[0]?.format),
    ['application/octet-stream', 'application/vnd.cups-raw', 'application/pdf', 'image/jpeg', 'application/pdf'],
  );
});

const compressed: readonly { name: string; compression: string; data: Uint8Array }[] = [
  { name: 'gzip', compression: 'gzip', data: gzipSync(text) },
  {
    name: 'gzip in two members',
    compression: 'gzip',
    data: Buffer.concat([gzipSync(text.subarray(0, 99)), gzipSync(text.subarray(99))]),
  },
  { name: 'deflate with a zlib header', compression: 'deflate', data: deflateSync(text) },
  { name: 'raw deflate', compression: 'deflate', data: deflateRawSync(text) },
  { name: 'none', compression: 'none', data: text },
];
for (const { name, compression, data } of compressed)
  t.test(`${name} is expanded, whole and in single octets`, async (t) => {
    const server = await startIppServer(t);
    const request = ippRequest('Print-Job', { operation: [attribute('compression', ipp.keyword(compression))], data });
    for (const size of [1, 1000, request.length]) {
      const connection = await HttpConnection.open(t, server.ippPort);
      const chunks: Buffer[] = [];
      for (let at = 0; at < request.length; at += size) chunks.push(chunk(request.subarray(at, at + size)));
      await connection.send(postHead({ 'Transfer-Encoding': 'chunked' }), Buffer.concat(chunks), lastChunk);
      t.equal((await connection.reply()).status, 'successful-ok');
    }
    for (const number of [1, 2, 3]) t.same((await printed(server, number)).documents, [text]);
  });

const zeros = Buffer.alloc(10 << 20);
const gzip = gzipSync(text);
const bad: readonly { name: string; compression: string; data: Uint8Array; status: string }[] = [
  {
    name: 'a bomb of 10 MiB zeros',
    compression: 'gzip',
    data: gzipSync(zeros),
    status: 'client-error-compression-error',
  },
  {
    name: 'the same as raw deflate',
    compression: 'deflate',
    data: deflateRawSync(zeros),
    status: 'client-error-compression-error',
  },
  {
    name: 'a thousand bombs in a row',
    compression: 'gzip',
    data: Buffer.concat(Array<Buffer>(1000).fill(gzipSync(zeros))),
    status: 'client-error-compression-error',
  },
  { name: 'truncated gzip', compression: 'gzip', data: gzip.subarray(0, -9), status: 'client-error-compression-error' },
  {
    name: 'gzip without its last octet',
    compression: 'gzip',
    data: gzip.subarray(0, -1),
    status: 'client-error-compression-error',
  },
  {
    name: 'a wrong check sum',
    compression: 'gzip',
    data: Buffer.concat([gzip.subarray(0, -8), Buffer.alloc(8)]),
    status: 'client-error-compression-error',
  },
  {
    name: 'gzip that is deflate',
    compression: 'gzip',
    data: deflateSync(text),
    status: 'client-error-compression-error',
  },
  { name: 'deflate that is gzip', compression: 'deflate', data: gzip, status: 'client-error-compression-error' },
  { name: 'gzip that is plain', compression: 'gzip', data: text, status: 'client-error-compression-error' },
  {
    name: 'truncated deflate',
    compression: 'deflate',
    data: deflateRawSync(text).subarray(0, -4),
    status: 'client-error-compression-error',
  },
  {
    name: 'an unknown compression',
    compression: 'brotli',
    data: text,
    status: 'client-error-compression-not-supported',
  },
  {
    name: 'the compression of a prototype',
    compression: 'toString',
    data: text,
    status: 'client-error-compression-not-supported',
  },
  {
    name: 'more than the largest document, expanded',
    compression: 'gzip',
    data: gzipSync(Buffer.concat([text, text, text, text])),
    status: 'client-error-request-entity-too-large',
  },
];
t.test('compressed documents that are damaged, or too large when expanded', async (t) => {
  const server = await startIppServer(t, { spooler: { limits: { maxDocumentBytes: 3 * text.length } } });
  const roomy = await startIppServer(t);
  for (const { name, compression, data, status } of bad) {
    const { ask, allJobs, spoolFiles } = status.includes('too-large') ? server : roomy;
    const reply = await ask('Print-Job', { operation: [attribute('compression', ipp.keyword(compression))], data });
    t.equal(reply.status, status, name);
    t.same(await spoolFiles(), [], `${name}: nothing is left in the spool`);
    t.same(await allJobs(), [], `${name}: no job`);
  }
});

t.test('what follows the compressed document refuses it, wherever the packets end', async (t) => {
  const server = await startIppServer(t);
  for (const [compression, data] of [
    ['gzip', gzip],
    ['deflate', deflateRawSync(text)],
  ] as const)
    for (const more of [1, 100_000]) {
      const connection = await HttpConnection.open(t, server.ippPort);
      const start = ippRequest('Print-Job', { operation: [attribute('compression', ipp.keyword(compression))], data });
      const garbage = Buffer.alloc(more, 0x55);
      await connection.send(postHead({ 'Content-Length': start.length + more }), start);
      await new Promise((resolve) => setImmediate(resolve));
      await connection.send(garbage);
      t.equal((await connection.reply()).status, 'client-error-compression-error', `${compression}, ${more} later`);
      const operation = [attribute('compression', ipp.keyword(compression))];
      const reply = await server.ask('Print-Job', { operation, data: Buffer.concat([data, garbage]) });
      t.equal(reply.status, 'client-error-compression-error', `${compression}, ${more} at once`);
    }
  t.same(await server.spoolFiles(), []);
});

t.test('no octets at all are an empty document, compressed or not', async (t) => {
  const server = await startIppServer(t);
  for (const compression of ['none', 'gzip', 'deflate']) {
    const operation = [attribute('compression', ipp.keyword(compression))];
    t.equal((await server.ask('Print-Job', { operation })).status, 'successful-ok', compression);
  }
});
