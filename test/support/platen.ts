// The compiled command line, run against a live admin server.

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
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

const script = path.resolve(import.meta.dirname, '../../bin/platen.js');

/** Starts the command. Nothing of the caller's environment reaches it. */
export const spawnPlaten = (
  args: readonly string[],
  { env = {}, cwd }: RunOptions = {},
): ChildProcessWithoutNullStreams =>
  spawn(process.execPath, [script, ...args], { env: { TZ: 'UTC', ...env }, ...(cwd === undefined ? {} : { cwd }) });

export const runPlaten = async (args: readonly string[], options: RunOptions = {}): Promise<Ended> => {
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
