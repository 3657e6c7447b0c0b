// A node that is alone: starts its worker, hands signals on to it, and ends as it ends. The worker notices by its pipe when this process is
// gone, and stops.

import { spawnWorker, statusOf, type WorkerProgram } from './worker-process.js';

/** A second signal within this time is the same one: terminals send it to every process, launchers hand it on. */
const sameSignalMs = 1_000;

/** Resolves with the exit status for this process: the worker's, or 128 + the number of the signal that ended it. */
export const runWorker = (program: WorkerProgram): Promise<number> =>
  new Promise((resolve, reject) => {
    const worker = spawnWorker(program, { ownSession: false });
    let toldAt: number | undefined;
    const stop = (): void => {
      const now = performance.now();
      if (toldAt !== undefined && now - toldAt > sameSignalMs) worker.kill('SIGKILL');
      else if (toldAt === undefined && worker.connected) worker.send({ tell: 'stop' });
      toldAt ??= now;
    };
    process.on('SIGINT', stop);
    process.on('SIGTERM', stop);
    worker.once('error', reject);
    worker.once('exit', (status, signal) => {
      if (signal !== null) process.stderr.write(`platend: the worker was ended by ${signal}\n`);
      resolve(statusOf(status, signal));
    });
  });
