// Starts the load generator, one process for each load.

import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Load, LoadResult } from './load.js';

const program = fileURLToPath(new URL('load-main.js', import.meta.url));

/** Rejects when the server refuses, or hangs up. */
export const generate = (load: Load): Promise<LoadResult> =>
  new Promise((resolve, reject) => {
    const child = fork(program, { execArgv: [] });
    child.once('error', reject);
    child.once('exit', () => reject(new Error('the load generator ended without a result')));
    child.on('message', (message: { result?: LoadResult; failed?: string }) => {
      if (message.result !== undefined) resolve(message.result);
      else reject(new Error(`${load.kind}: ${message.failed}`));
    });
    child.send(load);
  });

/** The generator was busy for nearly all of the time: the server may be faster than what was measured. */
export const wasLimit = ({ ownShare }: LoadResult): boolean => ownShare > 0.9;
