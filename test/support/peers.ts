// Programs of other makers that tests talk with: finding them, running them to their end, keeping them up for one test.

import { spawn, type ChildProcess } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { createServer, connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** The part of tap's `t` that a peer needs. */
export interface TestScope {
  teardown(action: () => unknown): void;
}

const folders = [...new Set([...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/sbin', '/usr/bin', '/bin'])];

/** Full path of a program, also of one that only root's PATH holds. */
export const which = (name: string): string | undefined =>
  folders
    .map((folder) => path.resolve(folder, name))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });

/** Options for a test that cannot do without these programs; the word `root` stands for the right to be root. */
export const skipWithout = (...names: readonly string[]): { skip?: string } => {
  const missing = names.find((name) => (name === 'root' ? process.getuid?.() !== 0 : which(name) === undefined));
  if (missing === undefined) return {};
  return { skip: missing === 'root' ? 'the tests do not run as root' : `${missing} is not installed` };
};

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly input?: Uint8Array | string;
  /** The program is killed after this; default 60 s. */
  readonly timeoutMs?: number;
}

export interface RunResult {
  /** 128 + number of the signal for a program that one ended; 124 for one that took too long. */
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

const startOf = (command: string): string => {
  const file = command.includes('/') ? command : which(command);
  if (file === undefined) throw new Error(`${command} is not installed`);
  return file;
};

const environmentOf = (env: Readonly<Record<string, string>> | undefined) => ({
  ...process.env,
  LC_ALL: 'C.UTF-8',
  NODE_OPTIONS: '',
  ...env,
});

/** Runs a program to its end. */
export const run = (command: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> =>
  new Promise((resolve, reject) => {
    const child = spawn(startOf(command), args, { cwd: options.cwd, env: environmentOf(options.env), detached: true });
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      killGroup(child, 'SIGKILL');
    }, options.timeoutMs ?? 60_000);
    const output = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const)
      child[name].setEncoding('utf8').on('data', (text: string) => {
        output[name] += text;
      });
    child.stdin.on('error', () => {}); // A program need not read its input.
    child.stdin.end(options.input ?? '');
    child.once('error', reject);
    child.once('close', (status) => {
      clearTimeout(timer);
      resolve({ status: late ? 124 : (status ?? 128), ...output });
    });
  });

const killGroup = (child: ChildProcess, signal: NodeJS.Signals): void => {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // It has ended already.
  }
};

export interface StartOptions extends Omit<RunOptions, 'input'> {
  /** Asked again and again until it holds. */
  readonly isReady: (output: string) => boolean | Promise<boolean>;
}

/** A program that runs until it is stopped, or its test ends. */
export interface RunningProgram {
  readonly pid: number;
  /** All that it wrote so far. */
  output(): string;
  isRunning(): boolean;
  stop(): Promise<void>;
}

/** Starts a program with all that it starts itself in a process group of its own; resolves when it is ready, rejects with its output when it ends before. */
export const startProgram = async (
  t: TestScope,
  command: string,
  args: readonly string[],
  options: StartOptions,
): Promise<RunningProgram> => {
  const child = spawn(startOf(command), args, {
    cwd: options.cwd,
    env: environmentOf(options.env),
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const kill = (): void => killGroup(child, 'SIGKILL');
  process.once('exit', kill);
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
  let running = true;
  const ended = new Promise<void>((resolve) => {
    const end = (): void => {
      running = false;
      process.removeListener('exit', kill);
      resolve();
    };
    child.once('error', end);
    child.once('exit', end);
  });
  const stop = async (): Promise<void> => {
    if (!running) return;
    killGroup(child, 'SIGTERM');
    const forced = setTimeout(kill, 5_000);
    await ended;
    clearTimeout(forced);
    kill(); // What it started may outlive it.
  };
  t.teardown(stop);
  const deadline = performance.now() + (options.timeoutMs ?? 20_000);
  while (!(await options.isReady(text))) {
    if (!running) throw new Error(`${command} ended before it was ready:\n${text}`);
    if (performance.now() > deadline) {
      await stop();
      throw new Error(`${command} was not ready in time:\n${text}`);
    }
    await delay(50);
  }
  return { pid: child.pid ?? 0, output: () => text, isRunning: () => running, stop };
};

/** A folder that every user may enter, removed when the test ends. */
export const publicFolder = async (t: TestScope, name: string): Promise<string> => {
  const folder = await mkdtemp(path.join(tmpdir(), `platen-${name}-`));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  await chmod(folder, 0o755);
  return folder;
};

/** A TCP port of 127.0.0.1 that was free just now, for programs that cannot choose one themselves. */
export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });

/** True when something accepts a connection there. */
export const accepts = (port: number, host = '127.0.0.1'): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, host);
    socket.once('error', () => resolve(false));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
