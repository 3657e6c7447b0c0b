// The way to the child that asks the kernel, with children that do as the test says: whatever becomes of one, every question is answered.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import t from 'tap';
import { DiagTcpWitness } from '../../lib/ports/diag-witness.js';
import { silentLog } from '../../lib/platform/log.js';
import { FakeClock } from '../support/fake-clock.js';
import { run } from '../support/peers.js';

const connection = { localAddress: '127.0.0.1', localPort: 41_970, remoteAddress: '192.0.2.10', remotePort: 9100 };

// The child and its pipes keep no process alive.
const alive = setInterval(() => {}, 1 << 30);
t.teardown(() => clearInterval(alive));

const shell = (script: string) => (): ChildProcess =>
  spawn('/bin/sh', ['-c', script], { stdio: ['pipe', 'pipe', 'ignore'] });

const startNothing = (): ChildProcess => spawn('/nonexistent/perl', [], { stdio: ['pipe', 'pipe', 'ignore'] });

/** A witness over that child; its fallback's answer is 77. */
const witnessOver = (start: () => ChildProcess) => {
  const clock = new FakeClock();
  const children: ChildProcess[] = [];
  const warned: string[] = [];
  const log = { ...silentLog, warn: (fields: object) => void warned.push((fields as { reason: string }).reason) };
  const witness = new DiagTcpWitness({
    clock,
    log,
    start: () => {
      const child = start();
      children.push(child);
      return child;
    },
    fallback: { unacknowledged: () => Promise.resolve(77) },
  });
  return { witness, clock, children, warned, ask: () => witness.unacknowledged(connection) };
};

t.test('one child answers all questions in their order', async (t) => {
  const { ask, witness, clock, children, warned } = witnessOver(
    shell('n=0; while read -r line; do n=$((n + 1)); echo "1 $n"; done'),
  );
  t.strictSame(await Promise.all([ask(), ask(), ask()]), [1, 2, 3]);
  t.equal(await ask(), 4);
  t.equal(children.length, 1);
  t.equal(clock.pending, 0);
  witness.close();
  t.strictSame(warned, []);
});

t.test('an answer may come in pieces, and several in one', async (t) => {
  const { ask, witness } = witnessOver(
    shell('read -r a; printf 1; read -r b; printf " 40\\nabsent\\n10 0\\n"; exec sleep 600'),
  );
  t.strictSame(await Promise.all([ask(), ask(), ask()]), [40, 'absent', 'absent']);
  witness.close();
});

t.test('a line that is no answer leaves that question to the fallback', async (t) => {
  const { ask, witness, warned } = witnessOver(shell('while read -r line; do echo; echo 1; echo 1 -1; echo 1 5; done'));
  t.strictSame(await Promise.all([ask(), ask(), ask(), ask()]), [77, 77, 77, 5]);
  t.strictSame(warned, []);
  witness.close();
});

const ends: Readonly<Record<string, readonly [start: () => ChildProcess, reason: RegExp]>> = {
  'is not installed': [startNothing, /ENOENT/],
  'cannot be started at all': [() => spawn('perl\0', []), /null bytes/],
  'ends before it is asked': [shell('exit 1'), /^it ended$/],
  'ends between question and answer': [shell('read -r line; exit 1'), /^it ended$/],
  'is killed between question and answer': [shell('read -r line; kill -KILL $$'), /^it ended$/],
  'ends within an answer': [shell('read -r line; printf "1 4"'), /^it ended$/],
};

for (const [name, [start, reason]] of Object.entries(ends))
  t.test(`a child that ${name} leaves all answers to the fallback`, async (t) => {
    const { ask, clock, children, warned } = witnessOver(start);
    t.strictSame(await Promise.all([ask(), ask()]), [77, 77]);
    t.equal(await ask(), 77, 'from then on');
    t.ok(children.length <= 1, 'it is not started again');
    t.equal(clock.pending, 0);
    t.equal(warned.length, 1);
    t.match(warned[0], reason);
  });

t.test('a child that ends after some answers leaves the others to the fallback', async (t) => {
  const { ask } = witnessOver(shell('read -r line; echo 1 5; read -r line; exit 0'));
  t.equal(await ask(), 5);
  t.strictSame(await Promise.all([ask(), ask()]), [77, 77]);
});

t.test('a child that ends while nobody asks is not asked any more', async (t) => {
  const { ask, children, warned } = witnessOver(shell('read -r line; echo 1 5; exec sleep 600'));
  t.equal(await ask(), 5);
  children[0]!.kill('SIGKILL');
  await once(children[0]!, 'exit');
  t.equal(await ask(), 77);
  t.equal(children.length, 1);
  t.strictSame(warned, ['it ended']);
});

t.test('a child that closed its input leaves the answer to the fallback, without being waited for', async (t) => {
  const { ask, children, warned } = witnessOver(shell('read -r line; exec <&-; echo 1 5; exec sleep 600'));
  t.equal(await ask(), 5);
  const ended = once(children[0]!, 'exit');
  t.equal(await ask(), 77);
  t.strictSame(await ended, [null, 'SIGKILL']);
  t.strictSame(warned, ['it ended']);
});

t.test('a child that is late is ended, and the fallback answers', async (t) => {
  const { ask, clock, children, warned } = witnessOver(shell('exec sleep 600'));
  const answers: unknown[] = [];
  const first = ask().then((answer) => answers.push(answer));
  const ended = once(children[0]!, 'exit');
  await clock.advance(600);
  const second = ask().then((answer) => answers.push(answer));
  await clock.advance(399);
  t.strictSame(answers, [], 'it may still answer');
  await clock.advance(1);
  await Promise.all([first, second]);
  t.strictSame(answers, [77, 77], 'the second one does not wait for its own second to pass');
  t.strictSame(await ended, [null, 'SIGKILL']);
  t.equal(clock.pending, 0);
  t.strictSame(warned, ['it does not answer']);
});

t.test('close ends the child and answers whoever waits', async (t) => {
  const { ask, witness, clock, children, warned } = witnessOver(shell('exec sleep 600'));
  const waiting = [ask(), ask()];
  const ended = once(children[0]!, 'exit');
  witness.close();
  t.strictSame(await Promise.all(waiting), [77, 77]);
  t.strictSame(await ended, [null, 'SIGKILL']);
  t.equal(await ask(), 77);
  t.equal(children.length, 1);
  t.equal(clock.pending, 0);
  t.strictSame(warned, [], 'nothing failed');
});

t.test('a child that never ran is not killed: it has no pid', async (t) => {
  let killed = false;
  const kill = (): boolean => {
    killed = true;
    return false;
  };
  const { ask, witness } = witnessOver(() => Object.assign(startNothing(), { kill }));
  const waiting = ask();
  witness.close();
  t.equal(await waiting, 77);
  t.notOk(killed);
});

t.test('a zone, which the question cannot name, is the fallback’s affair', async (t) => {
  const { witness, children } = witnessOver(shell('exec sleep 600'));
  const zoned = { ...connection, localAddress: 'fe80::1%eth0', remoteAddress: 'fe80::2%eth0' };
  t.equal(await witness.unacknowledged(zoned), 77);
  t.equal(children.length, 0);
});

/** Runs lines that have a `witness` in a process of their own, which must end by itself. */
const alone = (lines: string, { limit }: { readonly limit: number }) => {
  const built = (file: string): string => JSON.stringify(new URL(`../../lib/${file}`, import.meta.url).href);
  const program = `
    import { spawn } from 'node:child_process';
    import { closeSync, openSync } from 'node:fs';
    import { systemClock } from ${built('platform/clock.js')};
    import { silentLog } from ${built('platform/log.js')};
    import { DiagTcpWitness } from ${built('ports/diag-witness.js')};
    const start = () => spawn('/bin/sh', ['-c', 'read -r line; read -r line'], { stdio: ['pipe', 'pipe', 'ignore'] });
    const fallback = { unacknowledged: async () => 77 };
    const witness = new DiagTcpWitness({ clock: systemClock, log: silentLog, start, fallback });
    const connection = ${JSON.stringify(connection)};
    ${lines}`;
  const node = [process.execPath, '--input-type=module', '--eval', program];
  return run('/bin/sh', ['-c', `ulimit -n ${limit}; exec "$@"`, 'sh', ...node], { timeoutMs: 20_000 });
};

t.test('a process that has no descriptor left is answered by the fallback', async (t) => {
  const lines = `
    const held = [];
    try { for (;;) held.push(openSync('/dev/null', 'r')); } catch {}
    const answers = [await witness.unacknowledged(connection), await witness.unacknowledged(connection)];
    held.forEach((descriptor) => closeSync(descriptor));
    console.log(answers.join(' '));`;
  t.match(await alone(lines, { limit: 64 }), { status: 0, stdout: '77 77\n', stderr: '' });
});

t.test('a child that is being asked keeps no process alive', async (t) => {
  const lines = `
    void witness.unacknowledged(connection).then(() => console.log('answered'));
    console.log('asked');`;
  t.match(await alone(lines, { limit: 1024 }), { status: 0, stdout: 'asked\n', stderr: '' });
});
