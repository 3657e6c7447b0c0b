// Processes by pid and start time, with real ones.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import t, { type Test } from 'tap';
import { systemClock } from '../../lib/platform/clock.js';
import {
  identityOf,
  isRunning,
  killAll,
  sessionOf,
  signalProcess,
  withSession,
  type ProcessIdentity,
} from '../../lib/platform/processes.js';

/** A process that leads a session of two; says when both run. */
const startLeader = async (t: Test) => {
  const script = `require('child_process').spawn('sleep', ['600'], { stdio: 'ignore' }); console.log('up'); setInterval(() => {}, 1000)`;
  const child = spawn(process.execPath, ['-e', script], { detached: true, stdio: ['ignore', 'pipe', 'ignore'] });
  await once(child.stdout, 'data');
  const leader = identityOf(child.pid ?? 0)!;
  const members = withSession(leader);
  t.teardown(() => members.forEach((one) => signalProcess(one, 'SIGKILL')));
  return { child, leader, members };
};

const killOptions = { clock: systemClock, onSlow: () => {} };

t.test('a process is known by its pid and the time of its start', async (t) => {
  const own = identityOf(process.pid)!;
  t.ok(isRunning(own));
  const other: ProcessIdentity = { ...own, startTime: '1' };
  t.notOk(isRunning(other));
  t.notOk(signalProcess(other, 'SIGKILL'), 'nobody else is hit');
  t.same(sessionOf(other), [], 'nor is a session of whoever has that number now');
});

t.test('there is no process 0, and none beyond the largest number', async (t) => {
  t.equal(identityOf(0), undefined);
  t.equal(identityOf(2 ** 30), undefined);
});

t.test('a stopped process runs; a dead one does not, reaped or not', async (t) => {
  const { child, leader } = await startLeader(t);
  signalProcess(leader, 'SIGSTOP');
  t.ok(isRunning(leader));
  const exited = once(child, 'exit');
  await killAll(() => (isRunning(leader) ? [leader] : []), killOptions);
  t.notOk(isRunning(leader));
  await exited;
  t.notOk(isRunning(leader));
});

t.test('what is left of a session is found without its leader, and killed', async (t) => {
  const { child, leader, members } = await startLeader(t);
  t.equal(members.length, 2);
  const exited = once(child, 'exit');
  signalProcess(leader, 'SIGKILL');
  await exited;
  t.equal(sessionOf(leader).length, 1);
  await killAll(() => withSession(leader), killOptions);
  t.notOk(members.some(isRunning));
});
