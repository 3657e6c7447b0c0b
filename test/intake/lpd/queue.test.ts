// What LPD clients ask of a queue: its state, another try, the removal of jobs.

import t from 'tap';
import type { JobDraft } from '../../../lib/queue/uploads.js';
import { LpdClient } from '../../support/lpd-client.js';
import { type LpdServer, startLpdServer } from '../../support/lpd-server.js';

const submit = async ({ spooler }: LpdServer, changes: Partial<JobDraft> = {}, content = 'abc'): Promise<number> => {
  const id = await spooler.uploads.takeJobId();
  const source = (async function* () {
    yield Buffer.from(content);
  })();
  const document = await spooler.uploads.receive({ job: id, number: 1 }, source, {
    format: 'text/plain',
    name: 'secret.txt',
  });
  const origin = { protocol: 'ipp', address: '127.0.0.1' } as const;
  const draft = { printer: 'lp', name: 'secret', user: 'alice', host: 'box', origin, ...changes };
  await spooler.uploads.submit(id, draft, { documents: [document], open: false });
  return id;
};

const ask = async (server: LpdServer, command: string, from = '127.0.0.1'): Promise<string> => {
  const client = await LpdClient.open(server.lpdPort, { from });
  client.send(command);
  return client.rest();
};

const other = { protocol: 'lpd', address: '127.0.0.9' } as const;

t.test('the short and the long status list all jobs, with names only for the address they came from', async (t) => {
  const server = await startLpdServer(t);
  server.port.close();
  const active = await submit(server, {}, 'x'.repeat(1000));
  await server.port.arrival();
  const held = await submit(server, { holdUntil: 'indefinite', user: 'carol' });
  const waiting = await submit(server, { origin: other, user: 'bob', copies: 2 });
  t.equal(
    await ask(server, '\x03lp\n'),
    [
      'lp is ready and printing',
      'Rank    Owner      Job    Files                                 Total Size',
      `active  alice      ${String(active).padEnd(6)} secret.txt                            1000 bytes`,
      `1st     bob        ${String(waiting).padEnd(6)} (document)                            6 bytes`,
      `held    carol      ${String(held).padEnd(6)} secret.txt                            3 bytes`,
      '',
    ].join('\n'),
  );
  const long = await ask(server, '\x04lp\n', '127.0.0.9');
  t.match(long, `alice: active                            [job ${active}]\n        (document)`);
  t.match(long, `bob: 1st                                 [job ${waiting} box]\n        2 copies of secret.txt`);
  t.notMatch(await ask(server, '\x04lp\n', '127.0.0.5'), /secret|box/);
  const some = await ask(server, `\x03lp bob ${held}\n`);
  t.notMatch(some, /alice/);
  t.match(some, /bob[^]*carol/);
});

t.test('the status of an empty, a stopped and an unknown queue', async (t) => {
  const server = await startLpdServer(t);
  t.equal(await ask(server, '\x03lp\n'), 'lp is ready\nno entries\n');
  await server.spooler.pausePrinter('lp', { message: 'no paper', cutOff: false });
  t.equal(await ask(server, '\x04lp\n'), 'lp is stopped: no paper\nno entries\n');
  t.equal(await ask(server, '\x03nowhere\n'), 'nowhere: unknown printer\n');
});

t.test('a very long queue is told by its beginning', async (t) => {
  const server = await startLpdServer(t);
  await server.spooler.pausePrinter('lp', { message: '', cutOff: false });
  await Promise.all(Array.from({ length: 1_003 }, () => submit(server)));
  const lines = (await ask(server, '\x03lp\n')).split('\n');
  t.equal(lines.length, 2 + 1_000 + 2);
  t.equal(lines.at(-2), 'and 3 more');
});

t.test('"print waiting jobs" lets a queue try its device again at once', async (t) => {
  const server = await startLpdServer(t);
  server.port.outcomes.push({ result: 'unreachable', evidence: 'not-started', detail: 'off', bytes: 0 });
  const id = await submit(server);
  while (server.spooler.lane('lp').refusals === 0 || server.spooler.lane('lp').job !== undefined)
    await new Promise((resolve) => setImmediate(resolve));
  t.equal((await server.spooler.jobs.find(id))?.state, 'pending');
  const asked = performance.now();
  t.equal(await ask(server, '\x01lp\n'), '\0');
  t.match(await server.settledJobs(), [{ id, state: 'completed' }]);
  t.ok(performance.now() - asked < 900, 'sooner than the back-off');
});

const removals: readonly { name: string; command: (id: number) => string; from?: string; removed: boolean }[] = [
  { name: 'by number, by its user, from its address', command: (id) => `\x05lp alice ${id}\n`, removed: true },
  { name: 'by user', command: () => '\x05lp alice alice\n', removed: true },
  { name: 'by root of that address', command: (id) => `\x05lp root ${id}\n`, removed: true },
  { name: 'not by another user', command: (id) => `\x05lp mallory ${id}\n`, removed: false },
  { name: 'not from another address', command: (id) => `\x05lp alice ${id}\n`, from: '127.0.0.9', removed: false },
  { name: 'not by root of another address', command: (id) => `\x05lp root ${id}\n`, from: '127.0.0.9', removed: false },
  { name: 'not without a list while it waits', command: () => '\x05lp alice\n', removed: false },
  { name: 'not by another number', command: (id) => `\x05lp alice ${id + 1}\n`, removed: false },
];
for (const { name, command, from, removed } of removals)
  t.test(`a job is removed ${name}`, async (t) => {
    const server = await startLpdServer(t);
    await server.spooler.pausePrinter('lp', { message: '', cutOff: false });
    const id = await submit(server);
    t.equal(await ask(server, command(id), from), removed ? `job ${id} removed\n` : 'no job removed\n');
    t.equal((await server.spooler.jobs.find(id))?.state, removed ? 'canceled' : 'pending');
    t.equal(await ask(server, '\x05nowhere alice 1\n'), 'nowhere: unknown printer\n');
  });

t.test('without a list, the job being printed is removed', async (t) => {
  const server = await startLpdServer(t);
  server.port.close();
  const active = await submit(server);
  await server.port.arrival();
  const waiting = await submit(server);
  t.equal(await ask(server, '\x05lp alice\n'), `job ${active} removed\n`);
  t.equal((await server.spooler.jobs.find(active))?.state, 'canceled');
  server.port.open();
  t.match(await server.settledJobs(), [{ state: 'canceled' }, { id: waiting, state: 'completed' }]);
});
