// Starts the worker, hands signals on to it, and ends as it ends. The worker notices by its pipe when this process is gone, and stops.

import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { environmentWith } from '../config.js';

/** One fsync holds one thread of libuv's pool: with the 4 that Node.js has by default, uploads wait for one another. */
const workerEnvironment = { UV_THREADPOOL_SIZE: '32' };

/**
 * The octets of uploads pass through short-lived buffers outside of the heap, which are freed when the young generation is collected: a
 * small one (MiB) is collected often, so that a job of any size leaves the process as large as it was.
 */
const workerFlags = ['--max-semi-space-size=1'];

/** A second signal within this time is the same one: terminals send it to every process, launchers hand it on. */
const sameSignalMs = 1_000;

/** Resolves with the exit status for this process: the worker's, or 128 + the number of the signal that ended it. */
export const runWorker = (file: string, args: readonly string[]): Promise<number> =>
  new Promise((resolve, reject) => {
    const worker = spawn(process.execPath, [...workerFlags, file, ...args], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      env: environmentWith(workerEnvironment),
    });
    let toldAt: number | undefined;
    const stop = (): void => {
      const now = performance.now();
      if (toldAt !== undefined && now - toldAt > sameSignalMs) worker.kill('SIGKILL');
      else if (toldAt === undefined && worker.connected) worker.send('stop');
      toldAt ??= now;
    };
    process.on('SIGINT', stop);
    process.on('SIGTERM', stop);
    worker.once('error', reject);
    worker.once('exit', (status, signal) => resolve(status ?? 128 + constants.signals[signal ?? 'SIGKILL']));
  });
