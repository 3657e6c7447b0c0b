// A worker that does what a test tells it over a Unix socket: node fake-worker-main.js SOCKET. Everything it hears goes back the same way; the
// kernel closes the socket with the process.

import { spawn } from 'node:child_process';
import { connect, createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { PipeWatchdog, type SupervisorMessage, type WorkerMessage } from '../../lib/cluster/watchdog.js';
import { machineClock, systemClock } from '../../lib/platform/clock.js';

export type Order =
  | { readonly do: 'send'; readonly message: WorkerMessage }
  | { readonly do: 'deadline'; readonly incarnation: string; readonly inMs: number }
  | { readonly do: 'exit'; readonly status: number }
  /** Never looks at anything again. */
  | { readonly do: 'hang' }
  /** Holds the name of an abstract socket until it is dead. */
  | { readonly do: 'hold'; readonly name: string }
  /** Starts a child that would outlive it. */
  | { readonly do: 'child' }
  | { readonly do: 'watch' }
  | { readonly do: 'await-answer' }
  | { readonly do: 'ignore-stop' };

export type Word =
  | { readonly kind: 'pid'; readonly pid: number }
  | { readonly kind: 'heard'; readonly message: SupervisorMessage }
  | { readonly kind: 'child'; readonly pid: number }
  | { readonly kind: 'held' }
  /** What it was to send is in the pipe. */
  | { readonly kind: 'sent' }
  | { readonly kind: 'silence'; readonly because: string }
  | { readonly kind: 'answered' };

const control = connect(process.argv[2] ?? '');
const say = (word: Word): void => void control.write(`${JSON.stringify(word)}\n`);
const tell = (message: WorkerMessage): void => void process.send?.(message);
const tellAndSay = (message: WorkerMessage): void => void process.send?.(message, () => say({ kind: 'sent' }));
const ears: ((message: SupervisorMessage) => void)[] = [];
let stops = true;
let watchdog: PipeWatchdog | undefined;

process.on('message', (message: SupervisorMessage) => {
  for (const ear of ears) ear(message);
  if (message.tell !== 'pong') say({ kind: 'heard', message });
  if (message.tell === 'stop' && stops) process.exit(0);
});
process.on('disconnect', () => process.kill(-process.pid, 'SIGKILL'));

const obey = (order: Order): void => {
  switch (order.do) {
    case 'send':
      return tellAndSay(order.message);
    case 'deadline':
      return tellAndSay({
        tell: 'deadline',
        incarnation: order.incarnation,
        deadline: machineClock.monotonic() + order.inMs,
        sentAt: machineClock.monotonic(),
      });
    case 'exit':
      return process.exit(order.status);
    case 'hang':
      for (;;);
    case 'hold':
      return void createServer().listen(`\0${order.name}`, () => say({ kind: 'held' }));
    case 'child': {
      const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
      return say({ kind: 'child', pid: child.pid ?? 0 });
    }
    case 'watch':
      watchdog = new PipeWatchdog({
        pipe: { send: tell, onMessage: (ear) => void ears.push(ear) },
        clock: systemClock,
        machineTime: () => machineClock.monotonic(),
      });
      return watchdog.onSilence((because) => say({ kind: 'silence', because }));
    case 'await-answer':
      return void watchdog?.answered().then(() => say({ kind: 'answered' }));
    case 'ignore-stop':
      stops = false;
      return undefined;
    default:
      return order satisfies never;
  }
};

createInterface({ input: control }).on('line', (line) => obey(JSON.parse(line) as Order));
say({ kind: 'pid', pid: process.pid });
