// Real LPD clients against our listener: the CUPS back end, rlpr, and our own lpr port. Absent ones are skipped by name.

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import t, { type Test } from 'tap';
import { systemClock } from '../../lib/platform/clock.js';
import { LprPort } from '../../lib/ports/lpr-port.js';
import { delivery, document, octets, print, sha256 } from '../support/delivery.js';
import { type LpdServer, startLpdServer } from '../support/lpd-server.js';

interface Ran {
  readonly code: number;
  readonly output: string;
}

const run = (command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ran> =>
  new Promise((resolve) => {
    execFile(command, args, { env: { PATH: '/usr/bin:/bin', ...env }, timeout: 60_000 }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
      resolve({ code, output: stdout + stderr });
    });
  });

const content = octets(300_000);
const file = async (t: Test, name: string, data: Uint8Array): Promise<string> => {
  const made = path.join(t.testdir(), name);
  await writeFile(made, data);
  return made;
};

/** All jobs and what came out of them, once every connection has been served: some clients do not wait for that. */
const printed = async (server: LpdServer) => {
  await server.listener.close(10_000);
  const jobs = await server.settledJobs();
  const documents = server.port.deliveries.flatMap((made) => made.documents);
  return { jobs, sha256: sha256(...documents), copies: server.port.deliveries[0]?.copies };
};

const isRoot = process.getuid?.() === 0;
const cups = '/usr/lib/cups/backend/lpd';
const noCups = existsSync(cups) ? false : 'the CUPS lpd back end is not installed';
const noRlpr = !existsSync('/usr/bin/rlpr') ? 'rlpr is not installed' : isRoot ? false : 'rlpr speaks to port 515 only';

const backEnds: readonly {
  name: string;
  query: string;
  copies?: number;
  expectedCopies?: number;
  repeated?: number;
}[] = [
  { name: 'control file first', query: 'order=control,data&reserve=none' },
  { name: 'data file first', query: 'order=data,control&reserve=none' },
  { name: 'stream of unknown size', query: 'mode=stream&reserve=none' },
  { name: 'title as it is', query: 'sanitize_title=no&reserve=none' },
  { name: 'banner', query: 'banner=on&reserve=none' },
  { name: 'copies as lines', query: 'manual_copies=off&reserve=none', copies: 3, expectedCopies: 3 },
  { name: 'copies in the data', query: 'manual_copies=on&reserve=none', copies: 2, repeated: 2 },
  ...['f', 'l', 'o', 'r'].map((format) => ({ name: `format ${format}`, query: `format=${format}&reserve=none` })),
];
for (const { name, query, copies = 1, expectedCopies = 1, repeated = 1 } of backEnds)
  t.test(`CUPS lpd back end: ${name}`, { skip: noCups }, async (t) => {
    const server = await startLpdServer(t);
    const source = await file(t, 'letter', content);
    const uri = `lpd://127.0.0.1:${server.lpdPort}/lp?${query}`;
    const env = {
      DEVICE_URI: uri,
      PRINTER: 'x',
      CONTENT_TYPE: 'application/octet-stream',
      TMPDIR: path.dirname(source),
    };
    const ran = await run(cups, ['77', 'conf', 'backend job', String(copies), '', source], env);
    t.equal(ran.code, 0, ran.output);
    const result = await printed(server);
    t.match(result.jobs, [{ user: 'conf', state: 'completed' }]);
    t.equal(result.copies, expectedCopies);
    t.equal(result.sha256, sha256(...Array.from({ length: repeated }, () => content)));
  });

const rlprHost = '127.0.0.77';
const rlprs: readonly { name: string; args: readonly string[]; copies?: number }[] = [
  { name: 'one file', args: [] },
  { name: 'data first', args: ['--send-data-first'] },
  { name: 'copies', args: ['-#2'], copies: 2 },
  { name: 'Windows mode', args: ['--windows'] },
  { name: 'options', args: ['-T', 'Title', '-J', 'Job', '-C', 'Class', '-i4', '-w80', '-l'] },
];
t.test('rlpr', { skip: noRlpr }, async (t) => {
  const common = ['-q', '-h', '-N', '-H', rlprHost, '-P', 'lp', '--timeout=20'];
  for (const { name, args, copies = 1 } of rlprs)
    await t.test(name, async (t) => {
      const server = await startLpdServer(t);
      await server.listener.listen({ host: rlprHost, port: 515 });
      const source = await file(t, 'letter', content);
      const ran = await run('/usr/bin/rlpr', [...common, ...args, source], { USER: 'conf' });
      t.equal(ran.code, 0, ran.output);
      const result = await printed(server);
      t.match(result.jobs, [{ state: 'completed' }]);
      t.equal(result.copies, copies);
      t.equal(result.sha256, sha256(content));
    });
  await t.test('two files, which rlpr sends as two jobs; rlpq sees them', async (t) => {
    const server = await startLpdServer(t);
    await server.listener.listen({ host: rlprHost, port: 515 });
    await server.spooler.pausePrinter('lp', { message: 'for the test', cutOff: false });
    const directory = t.testdir({ one: content.subarray(0, 1000), two: content.subarray(1000) });
    const sources = ['one', 'two'].map((name) => path.join(directory, name));
    const ran = await run('/usr/bin/rlpr', [...common, ...sources], { USER: 'conf' });
    t.equal(ran.code, 0, ran.output);
    const queue = await run('/usr/bin/rlpq', ['-N', '-H', rlprHost, '-P', 'lp'], { USER: 'conf' });
    t.match(queue.output, /lp is stopped: for the test[^]*1st /);
    await server.spooler.resumePrinter('lp');
    const result = await printed(server);
    t.match(result.jobs, [{ documents: [{ length: 1000 }] }, { documents: [{ length: content.length - 1000 }] }]);
    t.equal(result.sha256, sha256(content));
  });
});

for (const lpdOrder of ['control-first', 'data-first'] as const)
  t.test(`our own lpr port, ${lpdOrder}`, async (t) => {
    const server = await startLpdServer(t);
    const job = delivery([document(content, { name: 'one' }), document('second', { name: 'two' })], { copies: 4 });
    const port = new LprPort({ clock: systemClock });
    t.match(await print(port, `lpd://127.0.0.1:${server.lpdPort}/lp`, job, { lpdOrder }), {
      result: 'delivered',
      evidence: 'confirmed',
      bytes: content.length + 6,
    });
    const result = await printed(server);
    t.match(result.jobs, [
      { name: 'letter.txt', user: 'alice', host: 'print.example.org', documents: [{ name: 'one' }, { name: 'two' }] },
    ]);
    t.equal(result.copies, 4);
    t.equal(result.sha256, sha256(content, 'second'));
  });

t.test('our own lpr port is told by our listener when the queue takes nothing', async (t) => {
  const server = await startLpdServer(t);
  await server.spooler.changePrinter('lp', { accepting: false });
  const port = new LprPort({ clock: systemClock });
  t.match(await print(port, `lpd://127.0.0.1:${server.lpdPort}/lp`, delivery([document(content)])), {
    result: 'busy',
    evidence: 'not-started',
  });
});
