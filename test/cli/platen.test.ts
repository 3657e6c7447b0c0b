import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { createInterface } from 'node:readline';
import t from 'tap';
import type { JobRecord } from '../../lib/model/job.js';
import { version } from '../../lib/platform/version.js';
import { octets, sha256 } from '../support/delivery.js';
import { otherState, runPlaten, runProcess, spawnPlaten, startTestPlaten } from '../support/platen.js';
import type { TestSpooler } from '../support/spooler.js';

const putJob = async ({ spooler }: TestSpooler, name: string, user = 'alice'): Promise<JobRecord> => {
  const id = await spooler.uploads.takeJobId();
  const source = (async function* () {
    yield Buffer.from('text');
  })();
  const document = await spooler.uploads.receive({ job: id, number: 1 }, source, { name, format: 'text/plain' });
  const draft = { printer: 'demo', name, user, origin: { protocol: 'lpd', address: '192.0.2.9' } } as const;
  return spooler.uploads.submit(id, draft, { documents: [document], open: false });
};

t.test('status shows the node and its groups', async (t) => {
  const { platen } = await startTestPlaten(t);
  const people = await platen(['status']);
  t.equal(people.code, 0);
  t.match(people.out, /node +alpha, version/);
  t.match(people.out, /GROUP +STATE +EPOCH[^]*print +online +1 +1/);
  t.equal(people.err, '');
  const programs = await platen(['status', '--json']);
  t.match(JSON.parse(programs.out), { node: { name: 'alpha' }, groups: [{ name: 'print', online: true }] });
});

t.test('a printer is made, changed, shown, paused and removed', async (t) => {
  const { platen, spooler } = await startTestPlaten(t);
  const community = 'canary-2b7';
  const settings = [
    '--info',
    'Lobby',
    '--lock',
    'port',
    '--no-half-close',
    '--confirm-after',
    '100',
    '--lpd-order',
    'data-first',
    '--interrupted',
    'hold',
    '--max-attempts',
    '9',
    '--formats',
    'application/pdf',
    'image/urf',
    '--snmp-community',
    '-',
  ];
  const added = await platen(['printer', 'add', 'lobby', '--device', 'socket://127.0.0.1:9101', ...settings], {
    stdin: `${community}\nrest`,
  });
  t.equal(added.code, 0, added.err);
  t.match(spooler.printers.must('lobby'), {
    info: 'Lobby',
    interrupted: 'hold',
    maxAttempts: 9,
    formats: ['application/pdf', 'image/urf'],
    device: {
      lock: 'port',
      halfClose: false,
      confirmAfterMs: 100,
      lpdOrder: 'data-first',
      snmp: { community, port: 161, index: 1 },
    },
  });
  const shown = await platen(['printer', 'show', 'lobby']);
  t.match(shown.out, /SNMP +UDP port 161, index 1, community set/);
  t.notMatch(shown.out + added.out, community);
  t.match(JSON.parse((await platen(['printer', 'list', '--json'])).out), {
    printers: [{ name: 'demo' }, { name: 'lobby' }],
  });
  t.match(
    (await platen(['printer', 'list'])).out,
    /NAME +STATE +JOBS[^]*lobby +idle +0 +socket:\/\/127.0.0.1:9101 +Lobby/,
  );

  t.equal((await platen(['printer', 'set', 'lobby', '--no-snmp', '--half-close', '--location', 'Cellar'])).code, 0);
  t.match(spooler.printers.must('lobby'), {
    location: 'Cellar',
    info: 'Lobby',
    device: { halfClose: true, lock: 'port' },
  });
  t.equal(spooler.printers.must('lobby').device.snmp, undefined);
  t.equal((await platen(['printer', 'set', 'lobby'])).code, 2, 'nothing to change');
  t.equal((await platen(['printer', 'set', 'lobby', '--snmp-index', '2'])).code, 2, 'an index without a community');

  t.match((await platen(['printer', 'pause', 'lobby', '--now', '--message', 'toner'])).out, 'Printer lobby: paused.');
  t.match(spooler.printers.must('lobby'), { paused: true, pausedMessage: 'toner' });
  t.match((await platen(['printer', 'resume', 'lobby'])).out, 'Printer lobby: idle.');
  t.match((await platen(['printer', 'reject', 'lobby'])).out, 'Printer lobby: idle, rejects jobs.');
  t.match((await platen(['printer', 'accept', 'lobby'])).out, 'Printer lobby: idle.');
  t.equal((await platen(['printer', 'remove', 'lobby'])).code, 0);
  t.equal(spooler.printers.get('lobby'), undefined);
});

t.test('jobs are listed, shown, held, released, canceled and restarted', async (t) => {
  const made = await startTestPlaten(t);
  const { platen, spooler } = made;
  await spooler.pausePrinter('demo', { message: '', cutOff: false });
  const { id } = await putJob(made, 'letter.txt');
  t.match((await platen(['job', 'list'])).out, /ID +PRINTER[^]*1 +demo +pending +alice +letter.txt +4 B/);
  t.match((await platen(['job', 'hold', `${id}`])).out, 'Job 1 (letter.txt): pending-held.');
  t.match((await platen(['job', 'release', `${id}`])).out, 'pending.');
  const other = await putJob(made, 'other');
  t.match(JSON.parse((await platen(['job', 'cancel', `${id}`, `${other.id}`, '--json'])).out), {
    jobs: [{ state: 'canceled' }, { state: 'canceled' }],
  });
  t.match(await platen(['job', 'cancel', `${id}`]), { code: 1, err: /canceled already/ });
  const third = await putJob(made, 'third');
  t.match(await platen(['job', 'cancel', `${id}`, `${third.id}`, '99']), {
    code: 1,
    out: `Job ${third.id} (third): canceled.`,
    err: /job 1 is canceled already.*\n.*99/,
  });
  t.match((await platen(['job', 'restart', `${id}`])).out, 'pending.');
  const shown = await platen(['job', 'show', `${id}`]);
  t.match(shown.out, /user +alice \(not proven\)/);
  t.match(shown.out, /DOCUMENT +NAME +FORMAT/);
  const completed = JSON.parse((await platen(['job', 'list', '--which', 'completed', '--json'])).out) as {
    jobs: { id: number }[];
  };
  t.same(
    completed.jobs.map((job) => job.id),
    [third.id, other.id],
  );
  for (let count = 0; count < 5; count += 1) await putJob(made, `n${count}`);
  const some = await platen(['job', 'list', '--limit', '2']);
  t.match(some.err, /more than 2/);
  t.equal(some.out.trim().split('\n').length, 3);
});

t.test('files and standard input are printed, whole', async (t) => {
  const { platen, port } = await startTestPlaten(t);
  const directory = t.testdir();
  for (const size of [1, 10 * 1024, 20 * 2 ** 20]) {
    const content = octets(size);
    const file = path.join(directory, `f${size}.bin`);
    await writeFile(file, content);
    const ended = await platen(['job', 'print', file, '--printer', 'demo', '--copies', '3', '--wait']);
    t.match(ended, { code: 0, out: '', err: /completed/ }, ended.err);
    const delivered = port.deliveries.at(-1);
    t.match(delivered, { copies: 3, job: { name: `f${size}.bin` } });
    t.equal(sha256(...(delivered?.documents ?? [])), sha256(content), `${size} octets`);
  }
  const piped = await platen(['job', 'print', '-', '--printer', 'demo', '--name', 'piped', '--json'], {
    stdin: octets(70_000),
  });
  t.equal(piped.code, 0, piped.err);
  t.match(JSON.parse(piped.out), { name: 'piped', octets: 70_000, documents: [{ sha256: sha256(octets(70_000)) }] });
  const held = await platen(['job', 'print', path.join(directory, 'f1.bin'), '--printer', 'demo', '--hold', '--json']);
  t.match(JSON.parse(held.out), { state: 'pending-held', hold: { until: 'indefinite' } });
});

t.test('with --wait the exit code says whether the job was printed', async (t) => {
  const { platen, port } = await startTestPlaten(t);
  const reset = { result: 'interrupted', evidence: 'partial', detail: 'reset by the printer', bytes: 0 } as const;
  port.outcomes.push(reset, reset, reset);
  const ended = await platen(['job', 'print', '-', '--printer', 'demo', '--wait'], { stdin: 'text' });
  t.equal(ended.code, 1);
  t.match(ended.err, /was not printed: it is pending-held/);
  t.match(ended.err, /platen job release 1/);
});

t.test('events are shown oldest first', async (t) => {
  const { platen, spooler, events } = await startTestPlaten(t);
  await spooler.pausePrinter('demo', { message: 'toner', cutOff: false });
  await events.settled();
  const lines = (await platen(['events'])).out.trim().split('\n');
  t.match(lines, [/alpha +printer-added +print +demo/, /printer-paused +print +demo +- toner/]);
  t.match(JSON.parse((await platen(['events', '--json', '--limit', '1'])).out), {
    events: [{ code: 'printer-paused' }],
  });
});

t.test('events are followed as they happen', async (t) => {
  const { spooler, events, directory, url } = await startTestPlaten(t);
  await events.settled();
  const child = spawnPlaten(['events', '--follow', '--json', '--state', directory, '--url', url]);
  t.teardown(() => child.kill());
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<unknown> => JSON.parse(String((await lines.next()).value));
  t.match(await next(), { code: 'printer-added' });
  await spooler.pausePrinter('demo', { message: 'toner', cutOff: false });
  t.match(await next(), { code: 'printer-paused', text: 'toner' });
  await spooler.resumePrinter('demo');
  t.match(await next(), { code: 'printer-resumed' });
});

t.test('no control character of a stranger reaches the terminal', async (t) => {
  const made = await startTestPlaten(t);
  await made.spooler.pausePrinter('demo', { message: '\u001b]0;owned\u0007', cutOff: false });
  const hostile = '\u001b[2J\u001b]0;owned\u0007\u009b31m\r\nfake line\u0000\u007f\u202egnp.exe\u2066';
  await putJob(made, hostile, 'eve\u001b[31m');
  await made.events.settled();
  const commands = [
    ['job', 'list'],
    ['job', 'show', '1'],
    ['job', 'hold', '1'],
    ['printer', 'list'],
    ['printer', 'show', 'demo'],
    ['events'],
    ['job', 'list', '--json'],
    ['job', 'show', '1', '--json'],
    ['job', 'cancel', '1'],
  ];
  for (const command of commands) {
    const { code, out, err } = await made.platen(command);
    t.equal(code, 0, command.join(' '));
    // oxlint-disable-next-line no-control-regex
    t.notMatch(out + err, /[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/, command.join(' '));
    t.notMatch(out, /^fake line/m);
    if (command.includes('--json')) t.match(JSON.stringify(JSON.parse(out)), JSON.stringify(hostile).slice(1, -1));
  }
});

t.test('exit codes say what went wrong, and the message what to do', async (t) => {
  const made = await startTestPlaten(t);
  const { platen, directory, url } = made;
  const other = await otherState(t.testdir());
  const state = ['--state', directory];
  const gone = createServer();
  await new Promise<void>((resolve) => gone.listen(0, '127.0.0.1', resolve));
  const closedUrl = `http://127.0.0.1:${(gone.address() as AddressInfo).port}`;
  await new Promise((resolve) => gone.close(resolve));
  const cases: readonly [string, readonly string[], number, RegExp][] = [
    ['no such printer', [...state, '--url', url, 'printer', 'show', 'none'], 5, /printer-not-found/],
    ['no such job', [...state, '--url', url, 'job', 'show', '99'], 5, /job-not-found/],
    ['no such group', [...state, '--url', url, '--group', 'none', 'job', 'list'], 5, /groups: print/],
    ['a name that is a path', [...state, '--url', url, 'printer', 'show', '../status'], 1, /a name is/],
    [
      'refused',
      [...state, '--url', url, 'printer', 'add', 'demo', '--device', 'socket://127.0.0.1'],
      1,
      /exists already/,
    ],
    [
      'a refused upload',
      [...state, '--url', url, 'job', 'print', 'package.json', '--printer', 'none'],
      5,
      /no printer/,
    ],
    ['a refused file', [...state, '--url', url, 'job', 'print', '-', '--printer', 'demo'], 1, /empty/],
    ['another token', ['--state', other, '--url', url, 'status'], 4, /--token-file/],
    [
      'an upload with another token',
      ['--state', other, '--url', url, 'job', 'print', 'package.json', '--printer', 'demo'],
      4,
      /token/,
    ],
    ['no token', ['--state', path.join(other, 'none'), '--url', url, 'status'], 4, /no token file/],
    ['nobody there', [...state, '--url', closedUrl, 'status'], 3, /Is platend running/],
    [
      'nobody there for an upload',
      [...state, '--url', closedUrl, 'job', 'print', 'package.json', '--printer', 'demo'],
      3,
      /Is platend running/,
    ],
    ['no URL', [...state, '--url', 'nowhere', 'status'], 2, /not the URL/],
    ['no file', [...state, '--url', url, 'job', 'print', '/none', '--printer', 'demo'], 2, /cannot be printed/],
    ['a directory', [...state, '--url', url, 'job', 'print', '/', '--printer', 'demo'], 2, /directory/],
    ['no configuration', ['--config', '/none.yaml', 'status'], 2, /cannot be read/],
    ['no device', [...state, '--url', url, 'printer', 'add', 'x'], 2, /--device/],
    ['no number', [...state, '--url', url, 'job', 'show', 'x'], 2, /whole number/],
    ['no such command', ['jbo'], 2, /Did you mean job/],
    ['no such option', ['status', '--colour'], 2, /unknown option/],
    ['nothing', [], 2, /Usage/],
    ['help', ['--help'], 0, /^$/],
    ['version', ['--version'], 0, /^$/],
  ];
  for (const [name, args, code, message] of cases) {
    const ended = await runPlaten(args);
    t.equal(ended.code, code, `${name}: ${ended.err}`);
    t.match(ended.err, message, name);
    t.notMatch(ended.err, /\n +at /, `${name}: no stack`);
  }
  t.equal((await runPlaten(['--version'])).out.trim(), version);
  await chmod(path.join(directory, 'token'), 0o644);
  t.match(await platen(['status']), { code: 4, err: /mode to 600/ });
});

t.test('the node and its token are found by environment and by configuration', async (t) => {
  const { directory, url } = await startTestPlaten(t);
  const cwd = t.testdir();
  const token = await readFile(path.join(directory, 'token'));
  const ok = async (name: string, args: readonly string[], env: Record<string, string>): Promise<void> => {
    const ended = await runProcess([...args, 'status', '--json'], { env, cwd });
    t.equal(ended.code, 0, `${name}: ${ended.err}`);
  };
  await ok('environment', [], { PLATEN_URL: url, PLATEN_STATE: directory });
  await ok('token file', [], { PLATEN_URL: url, PLATEN_TOKEN_FILE: path.join(directory, 'token') });
  await ok('the command line wins', ['--url', url, '--state', directory], {
    PLATEN_URL: 'http://127.0.0.1:1',
    PLATEN_STATE: '/none',
    PLATEN_TOKEN_FILE: '/none',
  });
  await mkdir(path.join(cwd, 'spool'));
  await writeFile(path.join(cwd, 'spool', 'token'), token, { mode: 0o600 });
  await ok('the default directory', ['--url', url], {});
  const config = path.join(cwd, 'platen.yaml');
  await writeFile(config, `admin: { port: ${new URL(url).port} }\n`);
  await ok('configuration', ['--config', config], {});
  await ok('configuration in the environment', [], { PLATEN_CONFIG: config });
  await rm(path.join(cwd, 'spool'), { recursive: true });
  t.equal((await runProcess(['--config', config, 'status'], { cwd })).code, 4);
  await ok('the group', ['--config', config], {
    PLATEN_TOKEN_FILE: path.join(directory, 'token'),
    PLATEN_GROUP: 'print',
  });
});

t.test("an answer that is none of a node's is said to be so", async (t) => {
  const directory = await otherState(t.testdir());
  const answers: readonly [number, string, number, RegExp][] = [
    [200, '<html>hello</html>', 1, /HTTP status 200/],
    [502, 'bad gateway', 1, /HTTP status 502/],
    [500, '{"message":"\\u001b[31mred","code":"x","status":500}', 1, /\\x1b\[31mred/],
  ];
  for (const [status, body, code, message] of answers) {
    const server = createServer((_request, response) => response.writeHead(status).end(body));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const ended = await runPlaten([
      '--state',
      directory,
      '--url',
      `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      'status',
    ]);
    t.match(ended, { code, err: message });
    await new Promise((resolve) => server.close(resolve));
  }
});

t.test('with --json errors are JSON too, on standard error', async (t) => {
  const { platen } = await startTestPlaten(t);
  for (const [args, exit, code] of [
    [['job', 'show', '99'], 5, 'job-not-found'],
    [['job', 'show', 'x'], 2, 'usage'],
    [['no-such-command'], 2, 'usage'],
  ] as const) {
    const { code: status, out, err } = await platen([...args, '--json']);
    t.same([status, out], [exit, ''], args.join(' '));
    t.match(JSON.parse(err), { error: { code, message: String } }, args.join(' '));
  }
});
