// The compiled command line, run against a live admin server.

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import path from 'node:path';
import { Readable, Writable } from 'node:stream';
import { runCli } from '../../lib/cli/program.js';
import { Terminal } from '../../lib/cli/terminal.js';
import { systemClock } from '../../lib/platform/clock.js';
import { ensureToken, tokenFile } from '../../lib/platform/token.js';
import { startTestAdmin, type TestAdmin, testToken } from './admin.js';
import type { TestSpoolerOptions } from './spooler.js';

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface RunOptions {
  readonly stdin?: string | Buffer;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

// Times are shown in the reader's zone.
process.env['TZ'] = 'UTC';

const script = path.resolve(import.meta.dirname, '../../bin/platen.js');

/** Starts the command. Nothing of the caller's environment reaches it. */
export const spawnPlaten = (
  args: readonly string[],
  { env = {}, cwd }: RunOptions = {},
): ChildProcessWithoutNullStreams =>
  spawn(process.execPath, [script, ...args], { env: { TZ: 'UTC', ...env }, ...(cwd === undefined ? {} : { cwd }) });

/** Runs the command as a process of its own. */
export const runProcess = async (args: readonly string[], options: RunOptions = {}): Promise<Ended> => {
  const child = spawnPlaten(args, options);
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  child.stdin.on('error', () => {});
  child.stdin.end(options.stdin ?? '');
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, out, err };
};

const collector = (texts: string[]): Writable =>
  new Writable({
    decodeStrings: false,
    write: (chunk: string | Buffer, _encoding, done) => {
      texts.push(String(chunk));
      done();
    },
  });

/** Runs the command in this process: the same but for the start of Node.js, which takes most of the time. */
export const runPlaten = async (
  args: readonly string[],
  { stdin = '', env = {} }: Omit<RunOptions, 'cwd'> = {},
): Promise<Ended> => {
  const [out, err]: [string[], string[]] = [[], []];
  const code = await runCli(args, {
    terminal: new Terminal({ out: collector(out), err: collector(err), colours: true }),
    stdin: Readable.from(stdin.length === 0 ? [] : [Buffer.from(stdin)]),
    env,
    clock: systemClock,
    onInterrupt: () => () => {},
    user: userInfo().username,
  });
  return { code, out: out.join(''), err: err.join('') };
};

export interface TestPlaten extends TestAdmin {
  readonly url: string;
  /** With `--state` and `--url`. */
  readonly platen: (args: readonly string[], options?: RunOptions) => Promise<Ended>;
}

interface Test {
  teardown(action: () => Promise<void>): unknown;
}

/** A node with a printer `demo`, and the command line that knows it. */
export const startTestPlaten = async (t: Test, options: TestSpoolerOptions = {}): Promise<TestPlaten> => {
  const made = await startTestAdmin(t, options);
  await writeFile(tokenFile(made.directory), `${testToken}\n`, { mode: 0o600 });
  await made.spooler.addPrinter({ name: 'demo', deviceUri: 'socket://127.0.0.1', info: 'Demo' });
  const { port } = await made.admin.listen({ host: '127.0.0.1', port: 0 });
  const url = `http://127.0.0.1:${port}`;
  const platen: TestPlaten['platen'] = (args, runOptions) =>
    runPlaten([...args, '--state', made.directory, '--url', url], runOptions);
  return { ...made, url, platen };
};

/** A state directory whose token is another node's. */
export const otherState = async (directory: string): Promise<string> => {
  const state = path.join(directory, 'other');
  await mkdir(state, { recursive: true });
  await ensureToken(state);
  return state;
};
