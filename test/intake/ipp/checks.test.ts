// What every request must be before it is carried out, in which order that is looked at, and whom it may speak of (RFC 8011 section 4.1).

import t from 'tap';
import { operations } from '../../../lib/intake/ipp/operations/index.js';
import { type OperationName, operationIds, operationName } from '../../../lib/protocols/ipp/operations.js';
import { groupTags } from '../../../lib/protocols/ipp/tags.js';
import * as ipp from '../../../lib/protocols/ipp/values.js';
import { end, group, header, hex, packet, preamble, value } from '../../support/ipp-builder.js';
import { HttpConnection, type IppCall, IppReply, post } from '../../support/ipp-client.js';
import { type IppServer, paused, startIppServer } from '../../support/ipp-server.js';

const { attribute } = ipp;
const printerUri = value(0x45, 'printer-uri', 'ipp://localhost/printers/lp');
const operation = (...parts: readonly Buffer[]): Buffer => group(0x01, ...parts);
const good = packet(header(), operation(preamble, printerUri), end);
const charset = (name: string) => value(0x47, 'attributes-charset', name);
const language = (name: string) => value(0x48, 'attributes-natural-language', name);

const faults: readonly { name: string; request: Uint8Array; status: string; version?: string }[] = [
  {
    name: 'version 9.9 before anything else',
    request: packet(header('9.9', 0x4321, 0), hex('ffffffff')),
    status: 'server-error-version-not-supported',
    version: '2.2',
  },
  {
    name: 'version 0.0',
    request: packet(header('0.0'), operation(preamble, printerUri), end),
    status: 'server-error-version-not-supported',
    version: '1.0',
  },
  {
    name: 'version 2.9 is served as 2.2',
    request: packet(header('2.9'), operation(preamble, printerUri), end),
    status: 'successful-ok',
    version: '2.2',
  },
  {
    name: 'version 1.0',
    request: packet(header('1.0'), operation(preamble, printerUri), end),
    status: 'successful-ok',
    version: '1.0',
  },
  {
    name: 'an unknown operation before request-id 0',
    request: packet(header('1.1', 0x4321, 0), operation(), end),
    status: 'server-error-operation-not-supported',
  },
  {
    name: 'request-id 0 before the charset',
    request: packet(header('1.1', 0x0b, 0), operation(charset('utf-7'), language('en')), end),
    status: 'client-error-bad-request',
  },
  { name: 'no group', request: packet(header(), end), status: 'client-error-bad-request' },
  {
    name: 'a job group first',
    request: packet(header(), group(0x02), operation(preamble), end),
    status: 'client-error-bad-request',
  },
  {
    name: 'two operation groups',
    request: packet(header(), operation(preamble, printerUri), operation(preamble), end),
    status: 'client-error-bad-request',
  },
  {
    name: 'an attribute twice',
    request: packet(header(), operation(preamble, printerUri, printerUri), end),
    status: 'client-error-bad-request',
  },
  {
    name: 'language before charset',
    request: packet(header(), operation(language('en'), charset('utf-8'), printerUri), end),
    status: 'client-error-bad-request',
  },
  {
    name: 'no charset',
    request: packet(header(), operation(language('en'), printerUri), end),
    status: 'client-error-bad-request',
  },
  {
    name: 'two charsets',
    request: packet(
      header(),
      operation(charset('utf-8'), value(0x47, '', 'us-ascii'), language('en'), printerUri),
      end,
    ),
    status: 'client-error-bad-request',
  },
  {
    name: 'charset as keyword',
    request: packet(header(), operation(value(0x44, 'attributes-charset', 'utf-8'), language('en'), printerUri), end),
    status: 'client-error-bad-request',
  },
  {
    name: 'an unknown charset',
    request: packet(header(), operation(charset('iso-8859-15'), language('en'), printerUri), end),
    status: 'client-error-charset-not-supported',
  },
  {
    name: 'a charset that begins alike',
    request: packet(header(), operation(charset('utf-8x'), language('en'), printerUri), end),
    status: 'client-error-charset-not-supported',
  },
  {
    name: 'charset in capitals',
    request: packet(header(), operation(charset('UTF-8'), language('EN-us'), printerUri), end),
    status: 'successful-ok',
  },
  {
    name: 'us-ascii',
    request: packet(header(), operation(charset('us-ascii'), language('de'), printerUri), end),
    status: 'successful-ok',
  },
  {
    name: 'a language that is none',
    request: packet(header(), operation(charset('utf-8'), language('en us'), printerUri), end),
    status: 'client-error-bad-request',
  },
  { name: 'no target', request: packet(header(), operation(preamble), end), status: 'client-error-bad-request' },
  {
    name: 'a target as text',
    request: packet(header(), operation(preamble, value(0x21, 'printer-uri', hex('00000001'))), end),
    status: 'client-error-bad-request',
  },
  {
    name: 'an attribute longer than the message',
    request: packet(header(), hex('0147 7000')),
    status: 'client-error-bad-request',
  },
  {
    name: 'a negative length',
    request: packet(header(), hex('01 47 ffff 61'), end),
    status: 'client-error-bad-request',
  },
  { name: 'a message that ends in its attributes', request: good.subarray(0, -3), status: 'client-error-bad-request' },
  { name: 'half a header', request: good.subarray(0, 4), status: 'client-error-bad-request' },
  { name: 'nothing at all', request: new Uint8Array(), status: 'client-error-bad-request' },
  {
    name: '1001 attributes',
    request: packet(
      header(),
      operation(preamble, printerUri, ...Array.from({ length: 1001 }, (_, n) => value(0x44, `a${n}`, 'x'))),
      end,
    ),
    status: 'client-error-request-entity-too-large',
  },
  {
    name: '65 KiB of attributes',
    request: packet(
      header(),
      operation(preamble, printerUri, ...Array.from({ length: 70 }, (_, n) => value(0x41, `a${n}`, 'x'.repeat(950)))),
      end,
    ),
    status: 'client-error-request-entity-too-large',
  },
  {
    name: 'nine collections in one another',
    request: packet(
      header(),
      operation(
        preamble,
        printerUri,
        value(0x34, 'c', ''),
        ...Array.from({ length: 9 }, () => Buffer.concat([value(0x4a, '', 'm'), value(0x34, '', '')])),
      ),
    ),
    status: 'client-error-request-entity-too-large',
  },
];
t.test('faults of a request, one connection for all of them', async (t) => {
  const { ippPort } = await startIppServer(t);
  let connection = await HttpConnection.open(t, ippPort);
  for (const { name, request, status, version = '1.1' } of faults) {
    await connection.send(post(request));
    const answer = await connection.answer();
    const reply = new IppReply(answer?.body ?? new Uint8Array());
    const { major, minor } = reply.message.version;
    t.equal(reply.status, status, name);
    if (request.length >= 8) t.equal(`${major}.${minor}`, version, `${name}: version`);
    if (!status.startsWith('successful')) {
      t.same(reply.groups(groupTags.printer), [], `${name}: no printer group`);
      t.equal(typeof reply.value('status-message'), 'string');
    }
    // Of the largest one something is still unread.
    const after = name.startsWith('65') ? 'close' : 'keep-alive';
    t.equal(answer?.headers['connection'], after, `${name}: the connection goes on`);
    if (after === 'close') connection = await HttpConnection.open(t, ippPort);
  }
});

const targets: readonly { uri: string; printer?: string; status?: string }[] = [
  { uri: 'ipp://localhost/printers/lp', printer: 'lp' },
  { uri: 'ipp://other.example:8631/printers/lp', printer: 'lp' },
  { uri: 'ipp://[fe80::1%25eth0]/printers/lp', printer: 'lp' },
  { uri: 'ipp://user:secret@host/printers/lp', printer: 'lp' },
  { uri: 'ipp:///printers/lp', printer: 'lp' },
  { uri: 'IPPS://HOST/printers/lp', printer: 'lp' },
  { uri: 'http://localhost:631/printers/lp', printer: 'lp' },
  { uri: 'ipp://localhost/ipp/print/lp', printer: 'lp' },
  { uri: 'ipp://localhost/printers/lp/', printer: 'lp' },
  { uri: 'ipp://localhost/printers/lp?waitjob=false', printer: 'lp' },
  { uri: 'ipp://localhost/printers/%6cp', printer: 'lp' },
  { uri: 'ipp://localhost/printers/caf%C3%A9', status: 'client-error-not-found' },
  { uri: 'ipp://localhost/ipp/print', printer: 'first' },
  { uri: 'ipp://localhost/ipp/print/', printer: 'first' },
  { uri: 'ipp://localhost/ipp', printer: 'first' },
  { uri: 'ipp://localhost/printers/LP', status: 'client-error-not-found' },
  { uri: 'ipp://localhost/printers/l%2', status: 'client-error-not-found' },
  { uri: 'ipp://localhost/printers/..%2fprinters%2flp', status: 'client-error-not-found' },
  { uri: 'ipp://localhost/printers/__proto__', status: 'client-error-not-found' },
  { uri: 'ipp://localhost/classes/lp', status: 'client-error-not-found' },
  { uri: 'ipp://localhost/', status: 'client-error-not-found' },
  { uri: 'ipp://localhost/jobs/1', status: 'client-error-bad-request' },
  { uri: 'file:///etc/passwd', status: 'client-error-not-found' },
  { uri: 'lp', status: 'client-error-not-found' },
  { uri: '', status: 'client-error-not-found' },
];
t.test('any host part is taken in printer-uri; its path finds the printer', async (t) => {
  const server = await startIppServer(t, { printers: [paused, { ...paused, name: 'first' }] });
  for (const { uri, printer, status = 'successful-ok' } of targets) {
    const reply = await server.ask('Get-Printer-Attributes', { uri });
    t.equal(reply.status, status, uri);
    if (printer !== undefined) t.equal(reply.value('printer-name'), printer, uri);
  }
});

t.test('a job is named by its URI, or by a printer or the server and its id', async (t) => {
  const server = await startIppServer(t, { printers: [paused, { ...paused, name: 'other' }] });
  await server.ask('Print-Job', { data: 'x' });
  const id = (number: number) => ({ operation: [attribute('job-id', ipp.integer(number))] });
  const uri = (text: string) => ({ uri: null, operation: [attribute('job-uri', ipp.uri(text))] });
  const cases: readonly [IppCall, string][] = [
    [id(1), 'successful-ok'],
    [{ uri: 'ipp://x/', ...id(1) }, 'successful-ok'],
    [{ uri: 'ipp://x/jobs', ...id(1) }, 'successful-ok'],
    [uri('ipp://anything/jobs/1'), 'successful-ok'],
    [uri('http://anything:1/jobs/1'), 'successful-ok'],
    [{ uri: 'ipp://x/printers/other', ...id(1) }, 'client-error-not-found'],
    [{ uri: 'ipp://x/printers/none', ...id(1) }, 'client-error-not-found'],
    [id(2), 'client-error-not-found'],
    [id(2 ** 31 - 1), 'client-error-not-found'],
    [id(0), 'client-error-bad-request'],
    [id(-1), 'client-error-bad-request'],
    [{}, 'client-error-bad-request'],
    [{ operation: [attribute('job-id', ipp.keyword('1'))] }, 'client-error-bad-request'],
    [uri('ipp://x/jobs/2'), 'client-error-not-found'],
    [uri('ipp://x/jobs/0'), 'client-error-not-found'],
    [uri('ipp://x/jobs/9999999999'), 'client-error-not-found'],
    [uri('ipp://x/jobs/1x'), 'client-error-not-found'],
    [uri('ipp://x/printers/lp'), 'client-error-bad-request'],
    [{ uri: null }, 'client-error-bad-request'],
  ];
  for (const [call, status] of cases)
    t.equal((await server.ask('Get-Job-Attributes', call)).status, status, JSON.stringify(call));
});

type Client = 'owner' | 'stranger' | 'operator';
const permitted: Readonly<Record<'anyone' | 'job-owner' | 'operator', readonly Client[]>> = {
  anyone: ['owner', 'stranger', 'operator'],
  'job-owner': ['owner', 'operator'],
  operator: ['operator'],
};

/** What RFC 8011 and the operators' manual promise, written down again: who may do what. */
const policies: Readonly<Partial<Record<OperationName, keyof typeof permitted>>> = {
  'Print-Job': 'anyone',
  'Validate-Job': 'anyone',
  'Create-Job': 'anyone',
  'Send-Document': 'job-owner',
  'Cancel-Job': 'job-owner',
  'Get-Job-Attributes': 'anyone',
  'Get-Jobs': 'anyone',
  'Get-Printer-Attributes': 'anyone',
  'Hold-Job': 'job-owner',
  'Release-Job': 'job-owner',
  'Restart-Job': 'job-owner',
  'Pause-Printer': 'operator',
  'Resume-Printer': 'operator',
  'Purge-Jobs': 'operator',
  'Set-Job-Attributes': 'job-owner',
  'Cancel-Jobs': 'anyone',
  'Cancel-My-Jobs': 'anyone',
  'Close-Job': 'job-owner',
  'CUPS-Get-Default': 'anyone',
  'CUPS-Get-Printers': 'anyone',
  'CUPS-Get-Classes': 'anyone',
  'CUPS-Accept-Jobs': 'operator',
  'CUPS-Reject-Jobs': 'operator',
};

const tryAs = async (server: IppServer, operation: OperationName, client: Client): Promise<boolean> => {
  const job = await server.ask('Create-Job', { user: 'alice' });
  const id = attribute('job-id', ipp.integer(Number(job.value('job-id'))));
  const user = client === 'owner' ? 'alice' : 'mallory';
  const before = JSON.stringify([...server.spooler.jobs.allUnfinished()]);
  const reply = await server.ask(operation, { user, operation: [id], data: 'x' });
  const allowed = reply.status !== 'client-error-not-authorized';
  if (!allowed && JSON.stringify([...server.spooler.jobs.allUnfinished()]) !== before)
    throw new Error(`${operation} was refused and carried out`);
  return allowed;
};

t.test('who may do what: every operation for owner, stranger and operator', async (t) => {
  t.same(Object.keys(policies).sort(), operations.map(({ id }) => operationName(id)).sort(), 'the table is complete');
  for (const client of ['owner', 'stranger', 'operator'] as const) {
    const service = { isOperatorAddress: () => client === 'operator' };
    const server = await startIppServer(t, { service, printers: [paused] });
    for (const [name, policy] of Object.entries(policies)) {
      const may = permitted[policy].includes(client);
      const operation = name as keyof typeof operationIds;
      t.equal(await tryAs(server, operation, client), may, `${name} as ${client}`);
    }
    await server.stop();
  }
});

t.test('an operator is known by the address he asks from', async (t) => {
  const seen: string[] = [];
  const isOperatorAddress = (address: string): boolean => seen.push(address) > 0;
  const server = await startIppServer(t, { service: { isOperatorAddress } });
  t.equal((await server.ask('Pause-Printer')).status, 'successful-ok');
  t.same(seen, ['127.0.0.1']);
});
