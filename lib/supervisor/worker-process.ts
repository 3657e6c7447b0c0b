// The worker as a child process: how it is started, its pipe, and its end.

import { spawn, type ChildProcess } from 'node:child_process';
import { constants } from 'node:os';
import type { SupervisorMessage, WorkerMessage } from '../cluster/watchdog.js';
import { environmentWith } from '../config.js';
import { identityOf, type ProcessIdentity } from '../platform/processes.js';

/** One fsync holds one thread of libuv's pool: with the 4 that Node.js has by default, uploads wait for one another. */
const workerEnvironment = { UV_THREADPOOL_SIZE: '32' };

/**
 * The octets of uploads pass through short-lived buffers outside of the heap, which are freed when the young generation is collected: a
 * small one (MiB) is collected often, so that a job of any size leaves the process as large as it was.
 */
const workerFlags = ['--max-semi-space-size=1'];

/** What a dead worker had said is in the pipe; longer than this nobody waits for the pipe's end. */
const lastWordsMs = 100;

export interface WorkerProgram {
  readonly file: string;
  readonly args: readonly string[];
}

/** The exit status, or 128 + the number of the signal that ended it. */
export const statusOf = (status: number | null, signal: NodeJS.Signals | null): number =>
  status ?? 128 + constants.signals[signal ?? 'SIGKILL'];

/** `ownSession`: its children are found by it, and a terminal's signals do not reach it. */
export const spawnWorker = (
  { file, args }: WorkerProgram,
  { ownSession }: { readonly ownSession: boolean },
): ChildProcess =>
  spawn(process.execPath, [...workerFlags, file, ...args], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: environmentWith(workerEnvironment),
    detached: ownSession,
  });

export interface WorkerEnd {
  readonly status: number;
  /** `ended with status 1`. */
  readonly text: string;
}

export interface WorkerListeners {
  readonly onMessage: (message: WorkerMessage) => void;
  /** It is reaped, and everything that it had said was heard. */
  readonly onEnd: (end: WorkerEnd) => void;
}

export class WorkerProcess {
  readonly #child: ChildProcess;
  /** Undefined when it could not be started. */
  readonly identity: ProcessIdentity | undefined;

  constructor(program: WorkerProgram, { onMessage, onEnd }: WorkerListeners) {
    const child = spawnWorker(program, { ownSession: true });
    this.#child = child;
    this.identity = child.pid === undefined ? undefined : identityOf(child.pid);
    const silent = new Promise<void>((resolve) => child.once('disconnect', resolve));
    child.on('message', (message) => onMessage(message as WorkerMessage));
    child.once('error', (error) => {
      if (child.pid === undefined) onEnd({ status: 1, text: `could not be started: ${error.message}` });
    });
    child.once('exit', (status, signal) => {
      const text = signal === null ? `ended with status ${status}` : `was ended by ${signal}`;
      const timer = setTimeout(end, lastWordsMs);
      void silent.then(end);
      let isTold = false;
      function end(): void {
        clearTimeout(timer);
        if (isTold) return;
        isTold = true;
        onEnd({ status: statusOf(status, signal), text });
      }
    });
  }

  /** A worker that is gone hears nothing. */
  send(message: SupervisorMessage): void {
    if (this.#child.connected) this.#child.send(message, () => {});
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}
