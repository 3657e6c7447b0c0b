// Programs of the system that are run for floating addresses: found once, run without a shell and with a time limit.

import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import path from 'node:path';

export interface ProgramEnd {
  /** undefined: it was ended by a signal, at its limit perhaps, or could not be started. */
  readonly status: number | undefined;
  readonly stdout: string;
  /** What it said, or why it could not be run. */
  readonly stderr: string;
}

export interface RunProgram {
  /** Absolute path. */
  readonly file: string;
  readonly args: readonly string[];
  readonly input?: string;
  readonly limitMs: number;
  /** Ends it. */
  readonly signal?: AbortSignal;
}

/** Resolves when it has ended and is reaped. */
export type ProgramRunner = (program: RunProgram) => Promise<ProgramEnd>;

/** A service's PATH may lack those of administrators. */
const folders = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** Its absolute path; undefined when it is not installed. */
export const findProgram = (name: string): string | undefined =>
  folders
    .map((folder) => path.join(folder, name))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });

const mostOutput = 1 << 20;

export const runProgram: ProgramRunner = ({ file, args, input = '', limitMs, signal }) =>
  new Promise((resolve) => {
    const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'pipe'], env: { LC_ALL: 'C' } });
    let [stdout, stderr] = ['', ''];
    const kill = (): void => void child.kill('SIGKILL');
    const timer = setTimeout(kill, limitMs);
    signal?.addEventListener('abort', kill, { once: true });
    if (signal?.aborted) kill();
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (stdout.length < mostOutput) stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      if (stderr.length < mostOutput) stderr += text;
    });
    child.stdin.on('error', () => {});
    child.stdin.end(input);
    const end = (status: number | undefined, said: string): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', kill);
      resolve({ status, stdout, stderr: said });
    };
    child.once('error', (error) => end(undefined, error.message));
    child.once('close', (status) => end(status ?? undefined, stderr.trim()));
  });
