// Damaged HTTP and IPP through one listener, over real sockets: it answers or closes, leaks nothing and serves on. More, or a run again:
//   node dist/test/intake/ipp/mutations.test.js --count=200000 --seed=12

import { readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import t from 'tap';
import * as ipp from '../../../lib/protocols/ipp/values.js';
import { chunk, HttpConnection, ippRequest, lastChunk, post, postHead } from '../../support/ipp-client.js';
import { startIppServer } from '../../support/ipp-server.js';
import { mutations } from '../../support/mutate.js';

const { values: flags } = parseArgs({
  options: { count: { type: 'string', default: '20000' }, seed: { type: 'string', default: '631' } },
});
const seed = Number(flags.seed);
const count = Number(flags.count);
const atOnce = 16;
t.setTimeout(120_000 + count * 10);

const { attribute } = ipp;
const jobId = attribute('job-id', ipp.integer(1));
const corpus = [
  post(ippRequest('Get-Printer-Attributes')),
  post(ippRequest('Print-Job', { data: 'some text', job: [attribute('copies', ipp.integer(2))] })),
  post(
    ippRequest('Print-Job', {
      data: gzipSync('some text'),
      operation: [attribute('compression', ipp.keyword('gzip'))],
    }),
  ),
  post(ippRequest('Create-Job')),
  post(ippRequest('Send-Document', { data: 'x', operation: [jobId, attribute('last-document', ipp.boolean(true))] })),
  post(ippRequest('Get-Jobs', { operation: [attribute('limit', ipp.integer(3))] })),
  post(ippRequest('Get-Job-Attributes', { operation: [jobId] }), { Expect: '100-continue' }),
  post(ippRequest('Cancel-Job', { operation: [jobId] }), { Connection: 'close' }),
  Buffer.concat([
    Buffer.from(postHead({ 'Transfer-Encoding': 'chunked' })),
    chunk(
      ippRequest('Validate-Job', { job: [attribute('media-col', ipp.collection([attribute('a', ipp.integer(1))]))] }),
    ),
    Buffer.from(lastChunk),
  ]),
  Buffer.from('GET /printers/lp HTTP/1.1\r\nHost: x\r\n\r\n'),
];

/** Sends it all and resolves when the server has ended the connection; every other client resets it at once instead. */
const offer = (port: number, octets: Uint8Array, patient: boolean): Promise<void> =>
  new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    socket.on('error', () => {});
    socket.on('close', () => resolve());
    socket.resume();
    socket.write(octets, () => {
      if (patient) socket.end();
      else socket.resetAndDestroy();
    });
  });

t.test(`${count} damaged requests (seed ${seed})`, async (t) => {
  const limits = { maxConnectionsPerAddress: 200, headerTimeMs: 2_000, idleTimeMs: 2_000 };
  const spooler = { retention: { keepDocumentsCount: 0, keepHistoryCount: 10 } };
  const server = await startIppServer(t, { limits, spooler });
  const descriptors = () => readdirSync('/proc/self/fd').length;
  await server.ask('Get-Printer-Attributes');
  const before = descriptors();
  const source = mutations(corpus, { seed, count, longest: 64 << 10 })[Symbol.iterator]();
  let number = 0;
  const work = async (): Promise<void> => {
    for (let next = source.next(); next.done !== true; next = source.next()) {
      number += 1;
      await offer(server.ippPort, next.value, number % 4 !== 0);
      if (number % 1000 === 0) await server.ask('Get-Printer-Attributes');
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  t.equal(number, count);
  while (descriptors() > before) await new Promise((resolve) => setImmediate(resolve));
  t.same(
    (await server.spoolFiles()).filter((name) => name.includes('.part')),
    [],
    'no temporary file is left',
  );
  const connection = await HttpConnection.open(t, server.ippPort);
  await connection.send(post(ippRequest('Print-Job', { data: 'afterwards' })));
  t.equal((await connection.reply()).status, 'successful-ok', 'it serves on');
});
