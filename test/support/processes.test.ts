import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { identify, isAlive, send } from './processes.js';

const start = (t: Test, command: string, ...args: readonly string[]): ChildProcess & { readonly pid: number } => {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  t.teardown(() => child.kill('SIGKILL'));
  return child as typeof child & { readonly pid: number };
};

t.test('a process is alive until it ends', async (t) => {
  const child = start(t, 'sleep', '600');
  const identity = identify(child.pid)!;
  t.ok(isAlive(identity));
  const ended = once(child, 'exit');
  send(identity, 'SIGKILL');
  t.strictSame(await ended, [null, 'SIGKILL']);
  t.notOk(isAlive(identity));
  t.equal(identify(child.pid), undefined);
  t.doesNotThrow(() => send(identity, 'SIGKILL'));
});

t.test('another process with the same pid is not the one that had it', async (t) => {
  const child = start(t, 'sleep', '600');
  const identity = identify(child.pid)!;
  const earlier = { ...identity, startTime: String(Number(identity.startTime) - 1) };
  t.notOk(isAlive(earlier));
  send(earlier, 'SIGKILL');
  t.ok(isAlive(identity));
});

t.test('a name may look like the fields behind it', async (t) => {
  const identity = identify(process.pid)!;
  const { title } = process;
  t.teardown(() => void (process.title = title));
  process.title = 'a) Z 1 (b) R';
  t.strictSame(identify(process.pid), identity);
  t.ok(isAlive(identity));
});

t.test('a process that only its parent has not buried yet is gone', async (t) => {
  const parent = start(t, '/bin/sh', '-c', 'sleep 600 & echo $!; wait');
  const [said] = (await once(parent.stdout!, 'data')) as [Buffer];
  const identity = identify(Number(said.toString()))!;
  t.ok(isAlive(identity));
  // A stopped parent buries nobody.
  parent.kill('SIGSTOP');
  send(identity, 'SIGKILL');
  while (isAlive(identity)) await turn();
  t.equal(identify(identity.pid), undefined);
});
