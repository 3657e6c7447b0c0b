// Get-Jobs and Get-Job-Attributes: which jobs, which attributes, of which types, and how long it takes (RFC 8011 sections 4.2.6, 4.3.4, 5.3).

import { performance } from 'node:perf_hooks';
import t from 'tap';
import { groupTags, tags } from '../../../lib/protocols/ipp/tags.js';
import * as ipp from '../../../lib/protocols/ipp/values.js';
import { HttpConnection, type IppCall, ippRequest, post } from '../../support/ipp-client.js';
import { printed } from '../../support/ipp-printed.js';
import { type IppServer, paused, startIppServer } from '../../support/ipp-server.js';

const { attribute } = ipp;
const which = (value: string) => attribute('which-jobs', ipp.keyword(value));
const wants = (...names: readonly string[]) => attribute('requested-attributes', ...names.map(ipp.keyword));
const hold = { job: [attribute('job-hold-until', ipp.keyword('indefinite'))], data: 'x' };

const ids = async (server: IppServer, call: IppCall): Promise<readonly unknown[]> => {
  const reply = await server.ask('Get-Jobs', call);
  return reply.status === 'successful-ok'
    ? reply.jobs.map(({ attributes }) => attributes.find(({ name }) => name === 'job-id')?.values[0]?.value)
    : [reply.status];
};

t.test('which jobs: by state, owner, printer and number', async (t) => {
  const server = await startIppServer(t, {
    printers: [
      { ...paused, paused: false },
      { ...paused, name: 'other' },
    ],
  });
  await server.ask('Print-Job', { data: 'done' });
  await printed(server);
  while (server.spooler.jobs.unfinishedCount > 0) await new Promise((resolve) => setImmediate(resolve));
  await server.ask('Print-Job', hold);
  await server.ask('Print-Job', { ...hold, user: 'bob' });
  await server.ask('Cancel-Job', { operation: [attribute('job-id', ipp.integer(3))], user: 'bob' });
  await server.ask('Print-Job', {
    uri: 'ipp://x/printers/other',
    data: 'x',
    job: [attribute('job-priority', ipp.integer(9))],
  });
  await server.ask('Print-Job', { uri: 'ipp://x/printers/other', data: 'x', user: 'bob' });
  const cases: readonly [IppCall, readonly unknown[]][] = [
    [{}, [2]],
    [{ operation: [which('not-completed')] }, [2]],
    [{ operation: [which('completed')] }, [3, 1]],
    [{ operation: [which('canceled')] }, [3]],
    [{ operation: [which('aborted')] }, []],
    [{ operation: [which('pending-held')] }, [2]],
    [{ operation: [which('pending')] }, []],
    [{ operation: [which('processing')] }, []],
    [{ operation: [which('all')] }, [2, 3, 1]],
    [{ operation: [which('proof-print')] }, ['client-error-attributes-or-values-not-supported']],
    [{ uri: 'ipp://x/printers/other' }, [5, 4]],
    [{ uri: 'ipp://x/' }, [2, 5, 4]],
    [{ uri: 'ipp://x/', operation: [attribute('limit', ipp.integer(2))] }, [2, 5]],
    [{ uri: 'ipp://x/', operation: [which('all'), attribute('limit', ipp.integer(4))] }, [2, 5, 4, 3]],
    [{ operation: [attribute('limit', ipp.integer(0))] }, ['client-error-bad-request']],
    [{ uri: 'ipp://x/', operation: [attribute('my-jobs', ipp.boolean(true))] }, [2, 4]],
    [{ uri: 'ipp://x/', user: 'bob', operation: [attribute('my-jobs', ipp.boolean(true))] }, [5]],
    [{ user: 'eve', operation: [attribute('my-jobs', ipp.boolean(true)), which('all')] }, []],
    [{ uri: 'ipp://x/printers/none' }, ['client-error-not-found']],
  ];
  for (const [call, expected] of cases) t.same(await ids(server, call), expected, JSON.stringify(call));
});

t.test('without requested-attributes only job-id and job-uri are told', async (t) => {
  const server = await startIppServer(t, { printers: [paused] });
  for (const call of [hold, hold]) await server.ask('Print-Job', call);
  for (const operation of [[], [which('all')], [attribute('my-jobs', ipp.boolean(true))]]) {
    const reply = await server.ask('Get-Jobs', { operation });
    t.same(reply.names(groupTags.job), ['job-id', 'job-uri', 'job-id', 'job-uri']);
  }
  const some = await server.ask('Get-Jobs', { operation: [wants('job-name', 'no-such', 'job-state', '__proto__')] });
  t.same(some.names(groupTags.job), ['job-name', 'job-state', 'job-name', 'job-state']);
});

/** Syntaxes by RFC 8011 section 5.3, written down again. */
const types: Readonly<Record<string, readonly number[]>> = {
  'job-id': [tags.integer],
  'job-uri': [tags.uri],
  'job-uuid': [tags.uri],
  'job-printer-uri': [tags.uri],
  'job-more-info': [tags.uri],
  'job-name': [tags.name],
  'job-originating-user-name': [tags.name],
  'job-originating-host-name': [tags.name],
  'job-state': [tags.enum],
  'job-state-reasons': [tags.keyword],
  'job-state-message': [tags.text],
  'job-k-octets': [tags.integer],
  'job-k-octets-processed': [tags.integer],
  'job-priority': [tags.integer],
  'job-hold-until': [tags.keyword, tags.name],
  copies: [tags.integer],
  'job-sheets': [tags.keyword],
  'number-of-documents': [tags.integer],
  'document-format-supplied': [tags.mimeMediaType],
  'time-at-creation': [tags.integer],
  'time-at-processing': [tags.integer, tags.noValue],
  'time-at-completed': [tags.integer, tags.noValue],
  'date-time-at-creation': [tags.dateTime],
  'date-time-at-processing': [tags.dateTime, tags.noValue],
  'date-time-at-completed': [tags.dateTime, tags.noValue],
  'job-printer-up-time': [tags.integer],
  'attributes-charset': [tags.charset],
  'attributes-natural-language': [tags.naturalLanguage],
};
t.test('every attribute of a job has the syntax of the standard', async (t) => {
  const server = await startIppServer(t);
  await server.ask('Print-Job', {
    data: Buffer.alloc(1025),
    operation: [attribute('job-name', ipp.name('n'.repeat(600)))],
  });
  await printed(server);
  const held = { ...hold, job: [...hold.job, attribute('sides', ipp.keyword('one-sided'))] };
  await server.ask('Print-Job', held);
  while (server.spooler.jobs.unfinishedCount > 1) await new Promise((resolve) => setImmediate(resolve));
  for (const id of [1, 2]) {
    const reply = await server.ask('Get-Job-Attributes', { operation: [attribute('job-id', ipp.integer(id))] });
    const seen = new Map(reply.jobs[0]?.attributes.map(({ name, values }) => [name, values.map(({ tag }) => tag)]));
    for (const [name, allowed] of Object.entries(types)) {
      const found = seen.get(name);
      t.ok(
        found?.every((tag) => allowed.includes(tag)),
        `job ${id}: ${name} as ${found?.join()}`,
      );
    }
    t.equal(seen.has('sides'), id === 2, 'what the client sent comes back');
    if (id === 1) {
      t.equal(reply.value('job-k-octets'), 2);
      t.equal(reply.value('job-k-octets-processed'), 2);
      t.equal(reply.value('job-name'), 'n'.repeat(255));
      t.equal(reply.value('job-state'), 9);
    }
  }
});

/** Octets of each chunk of a chunked answer. */
const chunkLengths = (answer: Buffer): readonly number[] => {
  const lengths: number[] = [];
  for (let at = answer.indexOf('\r\n\r\n') + 4; at < answer.length; ) {
    const end = answer.indexOf('\r\n', at);
    lengths.push(Number.parseInt(answer.toString('latin1', at, end), 16));
    at = end + (lengths.at(-1) ?? 0) + 4;
  }
  return lengths;
};

const many = 10_000;
t.test(`${many} jobs: soon, and without holding the event loop`, async (t) => {
  const server = await startIppServer(t, { printers: [paused] });
  const draft = {
    printer: 'lp',
    name: 'report',
    user: 'alice',
    origin: { protocol: 'ipp', address: '127.0.0.1' },
  } as const;
  await Promise.all(
    Array.from({ length: many }, async () =>
      server.spooler.uploads.submit(await server.spooler.uploads.takeJobId(), draft, { documents: [], open: true }),
    ),
  );
  // As `lpstat -o` asks.
  const names = [
    'job-id',
    'job-k-octets',
    'job-name',
    'job-originating-user-name',
    'job-printer-uri',
    'job-priority',
    'job-state',
    'time-at-creation',
  ];
  const request = post(ippRequest('Get-Jobs', { operation: [wants(...names), which('not-completed')] }));
  const took: number[] = [];
  const slices: number[] = [];
  for (let round = 0; round < 5; round += 1) {
    const connection = await HttpConnection.open(t, server.ippPort);
    const pieces: Buffer[] = [];
    connection.socket.removeAllListeners('data').on('data', (piece) => pieces.push(piece));
    const start = performance.now();
    const before = process.cpuUsage();
    await connection.send(request);
    while (!pieces.at(-1)?.subarray(-5).equals(Buffer.from('0\r\n\r\n')))
      await new Promise((resolve) => setImmediate(resolve));
    const { user, system } = process.cpuUsage(before);
    took.push(Math.min(performance.now() - start, (user + system) / 1000));
    if (round === 0) slices.push(...chunkLengths(Buffer.concat(pieces)));
  }
  const reply = await server.ask('Get-Jobs', { operation: [wants(...names)] });
  t.equal(reply.jobs.length, many);
  const octets = slices.reduce((sum, length) => sum + length, 0);
  t.ok(Math.max(...slices) <= (octets / many) * 110, 'at most some 100 jobs are encoded in one turn of the event loop');
  const best = Math.min(...took);
  t.ok(best < 300, `${Math.round(best)} ms`);
  t.comment(`Get-Jobs over ${many} jobs took ${took.map(Math.round).join(', ')} ms`);
});
