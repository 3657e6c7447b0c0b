// What the scripts share: where the project is, how a program is run, and the environment that Node.js gets.
import { spawn, spawnSync } from 'node:child_process';
import { constants } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

/** True when the module at `url` is what was started. */
export const isStarted = (url) => process.argv[1] === fileURLToPath(url);

/** One fsync holds one thread of libuv's pool; with the 4 of the default, uploads wait for each other. */
export const nodeEnvironment = {
  UV_THREADPOOL_SIZE: process.env.UV_THREADPOOL_SIZE ?? '16',
  NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ''} --enable-source-maps`.trim(),
};

/** Runs a program to its end in the project's folder, its output on ours; returns its exit status. */
export const run = (command, args, { env = {}, stdio = 'inherit', cwd = root } = {}) => {
  const { status, error } = spawnSync(command, args, { cwd, stdio, env: { ...process.env, ...env } });
  if (error !== undefined) process.stderr.write(`${command}: ${error.message}\n`);
  return status ?? 1;
};

/** Runs a program and returns what it wrote, or undefined when it failed. */
export const outputOf = (command, args, { env = {}, cwd = root } = {}) => {
  const { status, stdout } = spawnSync(command, args, {
    cwd,
    encoding: 'utf8',
    maxBuffer: 64 << 20,
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, ...env },
  });
  return status === 0 ? stdout : undefined;
};

/** Runs a program in our place: signals go on to it; resolves with its exit status, 128 + number for a signal. */
export const become = (command, args, env = {}) =>
  new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: 'inherit', env: { ...process.env, ...env } });
    // A terminal sends SIGINT to the child as well: for what is run so, two at once are one.
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'])
      process.on(signal, () => child.kill(signal));
    child.once('error', reject);
    child.once('exit', (status, signal) => resolve(status ?? 128 + constants.signals[signal]));
  });
