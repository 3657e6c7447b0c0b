// What each operation answers when all is well, when it is refused, and in which order it looks (RFC 8011 section 4).

import t, { type Test } from 'tap';
import { operations } from '../../../lib/intake/ipp/operations/index.js';
import type { JobState } from '../../../lib/model/job.js';
import type { OperationName } from '../../../lib/protocols/ipp/operations.js';
import { operationIds } from '../../../lib/protocols/ipp/operations.js';
import { groupTags } from '../../../lib/protocols/ipp/tags.js';
import * as ipp from '../../../lib/protocols/ipp/values.js';
import type { IppCall } from '../../support/ipp-client.js';
import { printed } from '../../support/ipp-printed.js';
import { type IppServer, paused, startIppServer } from '../../support/ipp-server.js';

const { attribute } = ipp;
const jobId = (id: number) => attribute('job-id', ipp.integer(id));
const asOperator = { service: { isOperatorAddress: () => true } };

const held = async (server: IppServer, call: IppCall = {}): Promise<number> => {
  const job = [...(call.job ?? []), attribute('job-hold-until', ipp.keyword('indefinite'))];
  const reply = await server.ask('Print-Job', { data: 'text', ...call, job });
  return Number(reply.value('job-id'));
};

t.test('Print-Job answers with the job and prints it', async (t) => {
  const server = await startIppServer(t);
  const reply = await server.ask('Print-Job', {
    operation: [attribute('job-name', ipp.name('Prüfung – 印刷')), attribute('document-name', ipp.name('one.txt'))],
    job: [attribute('copies', ipp.integer(3)), attribute('job-priority', ipp.integer(80))],
    data: 'text',
  });
  t.equal(reply.status, 'successful-ok');
  t.same(reply.names(groupTags.operation), ['attributes-charset', 'attributes-natural-language']);
  t.equal(reply.value('job-id'), 1);
  t.equal(reply.value('job-uri'), `ipp://localhost:${server.ippPort}/jobs/1`);
  t.match(reply.value('job-state'), 3);
  const { documents, copies } = await printed(server);
  t.same(documents, [Buffer.from('text')]);
  t.equal(copies, 3);
  t.match(await server.allJobs(), [
    { name: 'Prüfung – 印刷', user: 'alice', priority: 80, documents: [{ name: 'one.txt', length: 4 }] },
  ]);
});

t.test('a job without a name has the name of its document, or none; one without a user is anonymous', async (t) => {
  const server = await startIppServer(t, { printers: [paused] });
  await server.ask('Print-Job', { operation: [attribute('document-name', ipp.name('a.pdf'))], user: '' });
  await server.ask('Print-Job', { operation: [attribute('job-name', ipp.nameWithLanguage('de', 'Brief'))] });
  await server.ask('Print-Job', { operation: [attribute('job-name', ipp.name(''))] });
  const names = (await server.allJobs()).map(({ name, user }) => [name, user]);
  t.same(names, [
    ['a.pdf', 'anonymous'],
    ['Brief', 'alice'],
    ['Untitled', 'alice'],
  ]);
});

t.test('Validate-Job answers as Print-Job would and makes no job', async (t) => {
  const server = await startIppServer(t);
  t.equal((await server.ask('Validate-Job')).status, 'successful-ok');
  const some = await server.ask('Validate-Job', { job: [attribute('sides', ipp.keyword('one-sided'))] });
  t.equal(some.status, 'successful-ok-ignored-or-substituted-attributes');
  t.same(some.names(groupTags.unsupported), ['sides']);
  await server.spooler.changePrinter('lp', { accepting: false });
  t.equal((await server.ask('Validate-Job')).status, 'server-error-not-accepting-jobs');
  t.same(await server.allJobs(), []);
});

/** Each in turn, on a held job; the state afterwards. */
const onJobs: readonly { operation: OperationName; call?: IppCall; status: string; state: JobState }[] = [
  { operation: 'Hold-Job', status: 'successful-ok', state: 'pending-held' },
  { operation: 'Release-Job', status: 'successful-ok', state: 'pending' },
  { operation: 'Release-Job', status: 'successful-ok', state: 'pending' },
  { operation: 'Restart-Job', status: 'client-error-not-possible', state: 'pending' },
  { operation: 'Close-Job', status: 'successful-ok', state: 'pending' },
  {
    operation: 'Hold-Job',
    call: { operation: [attribute('job-hold-until', ipp.keyword('never'))] },
    status: 'client-error-attributes-or-values-not-supported',
    state: 'pending',
  },
  {
    operation: 'Hold-Job',
    call: { operation: [attribute('job-hold-until', ipp.keyword('no-hold'))] },
    status: 'successful-ok',
    state: 'pending',
  },
  {
    operation: 'Set-Job-Attributes',
    call: { job: [attribute('copies', ipp.integer(0))] },
    status: 'client-error-attributes-or-values-not-supported',
    state: 'pending',
  },
  {
    operation: 'Set-Job-Attributes',
    call: { job: [attribute('job-hold-until', ipp.keyword('x'))] },
    status: 'client-error-attributes-or-values-not-supported',
    state: 'pending',
  },
  {
    operation: 'Set-Job-Attributes',
    call: { job: [attribute('job-id', ipp.integer(9))] },
    status: 'client-error-attributes-not-settable',
    state: 'pending',
  },
  { operation: 'Set-Job-Attributes', status: 'client-error-bad-request', state: 'pending' },
  {
    operation: 'Set-Job-Attributes',
    call: { job: [attribute('copies', ipp.integer(2)), attribute('job-hold-until', ipp.keyword('indefinite'))] },
    status: 'successful-ok',
    state: 'pending-held',
  },
  { operation: 'Cancel-Job', status: 'successful-ok', state: 'canceled' },
  { operation: 'Cancel-Job', status: 'client-error-not-possible', state: 'canceled' },
  { operation: 'Hold-Job', status: 'client-error-not-possible', state: 'canceled' },
  { operation: 'Release-Job', status: 'client-error-not-possible', state: 'canceled' },
  {
    operation: 'Set-Job-Attributes',
    call: { job: [attribute('copies', ipp.integer(2))] },
    status: 'client-error-not-possible',
    state: 'canceled',
  },
  {
    operation: 'Send-Document',
    call: { operation: [attribute('last-document', ipp.boolean(true))] },
    status: 'client-error-not-possible',
    state: 'canceled',
  },
  {
    operation: 'Restart-Job',
    call: { operation: [attribute('job-hold-until', ipp.keyword('x'))] },
    status: 'client-error-attributes-or-values-not-supported',
    state: 'canceled',
  },
  {
    operation: 'Restart-Job',
    call: { operation: [attribute('job-hold-until', ipp.keyword('indefinite'))] },
    status: 'successful-ok',
    state: 'pending-held',
  },
];
t.test('a job is held, released, changed, canceled and restarted, each when that is possible', async (t) => {
  const server = await startIppServer(t, { printers: [paused] });
  const id = await held(server);
  for (const { operation, call = {}, status, state } of onJobs) {
    const reply = await server.ask(operation, { ...call, operation: [jobId(id), ...(call.operation ?? [])] });
    t.equal(reply.status, status, operation);
    t.equal((await server.spooler.jobs.find(id))?.state, state, `${operation}: ${state}`);
    if (status === 'client-error-attributes-or-values-not-supported')
      t.equal(reply.groups(groupTags.unsupported).length, 1, `${operation} names what it does not support`);
  }
});

t.test('Pause-Printer and Resume-Printer', async (t) => {
  const server = await startIppServer(t, asOperator);
  const message = attribute('printer-state-message', ipp.text('new toner'));
  t.equal((await server.ask('Pause-Printer', { operation: [message] })).status, 'successful-ok');
  const stopped = await server.ask('Get-Printer-Attributes');
  t.equal(stopped.value('printer-state'), 5);
  t.same(stopped.values('printer-state-reasons'), ['paused']);
  t.equal(stopped.value('printer-state-message'), 'new toner');
  t.equal((await server.ask('Print-Job', { data: 'waits' })).status, 'successful-ok');
  t.equal(server.port.deliveries.length, 0);
  t.equal((await server.ask('Resume-Printer')).status, 'successful-ok');
  t.same((await printed(server)).documents, [Buffer.from('waits')]);
});

t.test('CUPS-Reject-Jobs and CUPS-Accept-Jobs', async (t) => {
  const server = await startIppServer(t, asOperator);
  t.equal((await server.ask('CUPS-Reject-Jobs')).status, 'successful-ok');
  for (const operation of ['Print-Job', 'Create-Job', 'Validate-Job'] as const)
    t.equal((await server.ask(operation)).status, 'server-error-not-accepting-jobs', operation);
  t.equal((await server.ask('CUPS-Accept-Jobs')).status, 'successful-ok');
  t.equal((await server.ask('Print-Job')).status, 'successful-ok');
});

t.test('Purge-Jobs leaves no job, finished or not', async (t) => {
  const server = await startIppServer(t, { ...asOperator, printers: [paused, { ...paused, name: 'other' }] });
  const other = await held(server, { uri: 'ipp://x/printers/other' });
  await held(server);
  const canceled = await held(server);
  await server.ask('Cancel-Job', { operation: [jobId(canceled)] });
  t.equal((await server.ask('Purge-Jobs')).status, 'successful-ok');
  t.same(
    (await server.allJobs()).map(({ id }) => id),
    [other],
  );
  t.equal((await server.ask('Purge-Jobs', { uri: 'ipp://x/' })).status, 'successful-ok');
  t.same(await server.allJobs(), []);
  t.same(await server.spoolFiles(), []);
});

t.test('Purge-Jobs that is told to keep the history cancels only, as `lprm -` asks', async (t) => {
  const server = await startIppServer(t, { ...asOperator, printers: [paused] });
  const job = await held(server);
  const keep = { operation: [attribute('purge-jobs', ipp.boolean(false))] };
  t.equal((await server.ask('Purge-Jobs', keep)).status, 'successful-ok');
  t.same(
    (await server.allJobs()).map(({ id, state }) => ({ id, state })),
    [{ id: job, state: 'canceled' }],
  );
});

t.test("Cancel-My-Jobs cancels one's own jobs, Cancel-Jobs of an operator everybody's", async (t) => {
  for (const [operation, options, left] of [
    ['Cancel-My-Jobs', {}, ['bob']],
    ['Cancel-Jobs', {}, ['bob']],
    ['Cancel-Jobs', asOperator, []],
  ] as const) {
    const server = await startIppServer(t, { ...options, printers: [paused] });
    for (const user of ['alice', 'bob', 'alice']) await held(server, { user });
    t.equal((await server.ask(operation, { uri: 'ipp://x/' })).status, 'successful-ok');
    t.same(
      [...server.spooler.jobs.allUnfinished()].map(({ user }) => user),
      left,
      operation,
    );
    await server.stop();
  }
});

t.test('Cancel-My-Jobs with the ids of others or of finished jobs cancels nothing', async (t) => {
  const server = await startIppServer(t, { printers: [paused] });
  const [mine, second, theirs] = [await held(server), await held(server), await held(server, { user: 'bob' })];
  const ids = (...numbers: readonly number[]) => ({ operation: [attribute('job-ids', ...numbers.map(ipp.integer))] });
  t.equal((await server.ask('Cancel-My-Jobs', ids(mine, theirs))).status, 'client-error-not-found');
  t.equal(server.spooler.jobs.unfinishedCount, 3);
  t.equal((await server.ask('Cancel-My-Jobs', ids(second))).status, 'successful-ok');
  t.same(
    [...server.spooler.jobs.allUnfinished()].map(({ id }) => id),
    [mine, theirs],
  );
});

t.test('CUPS-Get-Default, CUPS-Get-Printers and CUPS-Get-Classes', async (t) => {
  const names = ['zebra', 'alpha', 'mid'];
  const printers = names.map((name) => ({ ...paused, name, location: name === 'mid' ? 'Hall 3' : '' }));
  const server = await startIppServer(t, { printers });
  const list = async (...operation: readonly ipp.IppAttribute[]) => {
    const reply = await server.ask('CUPS-Get-Printers', { uri: null, operation });
    return reply.groups(groupTags.printer).map(({ attributes }) => {
      const name = attributes.find((one) => one.name === 'printer-name');
      return name?.values[0]?.value;
    });
  };
  t.equal((await server.ask('CUPS-Get-Default', { uri: null })).value('printer-name'), 'alpha');
  t.same(await list(), ['alpha', 'mid', 'zebra']);
  t.same(await list(attribute('limit', ipp.integer(2))), ['alpha', 'mid']);
  t.same(await list(attribute('first-printer-name', ipp.name('b'))), ['mid', 'zebra']);
  t.same(await list(attribute('printer-location', ipp.text('Hall 3'))), ['mid']);
  const classes = await server.ask('CUPS-Get-Classes', { uri: null });
  t.equal(classes.status, 'successful-ok');
  t.same(classes.groups(groupTags.printer), []);
  const empty = await startIppServer(t, { printers: [] });
  t.equal((await empty.ask('CUPS-Get-Default', { uri: null })).status, 'client-error-not-found');
});

t.test('every operation that is not advertised is refused, Print-URI among them', async (t) => {
  const server = await startIppServer(t);
  const advertised = (await server.ask('Get-Printer-Attributes')).values('operations-supported');
  t.same(
    advertised,
    operations.map(({ id }) => id).sort((a, b) => a - b),
  );
  t.notOk(advertised.includes(operationIds['Print-URI']));
  t.notOk(advertised.includes(operationIds['Send-URI']));
  const codes = [0, 1, ...Object.values(operationIds), 0x3fff, 0x4000, 0x4fff, 0x7fff, 0x8000, 0xffff];
  for (const code of new Set(codes.filter((code) => !advertised.includes(code)))) {
    const reply = await server.ask('Print-Job', { code, data: 'x', job: [attribute('copies', ipp.integer(1))] });
    if (reply.status !== 'server-error-operation-not-supported') t.fail(`${code}: ${reply.status}`);
  }
  t.same(await server.allJobs(), []);
});

t.test('a virtual server that is no longer here says busy to everything', async (t) => {
  const server = await startIppServer(t);
  server.disown();
  for (const { id } of operations)
    t.equal((await server.ask('Print-Job', { code: id })).status, 'server-error-busy', `operation ${id}`);
});

t.test('several printers of one virtual server take jobs side by side', async (t: Test) => {
  const server = await startIppServer(t, { printers: ['a', 'b', 'c'].map((name) => ({ ...paused, name })) });
  const uris = ['ipp://x/printers/a', 'ipp://x/ipp/print/b', 'http://x:80/printers/c', 'ipps://x/printers/a'];
  await Promise.all(uris.map((uri) => server.ask('Print-Job', { uri, data: uri })));
  const jobs = await server.allJobs();
  t.same(jobs.map(({ printer }) => printer).sort(), ['a', 'a', 'b', 'c']);
  for (const name of ['a', 'b', 'c']) {
    const reply = await server.ask('Get-Printer-Attributes', { uri: `ipp://x/printers/${name}` });
    t.equal(reply.value('queued-job-count'), name === 'a' ? 2 : 1);
  }
});
