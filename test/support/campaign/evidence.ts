// Results of campaigns on record: one line a run, so that a campaign can be gone on with and a figure looked up.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { availableParallelism, release } from 'node:os';
import path from 'node:path';

export interface Evidence {
  readonly machine: { readonly cores: number; readonly node: string; readonly kernel: string };
  readonly runs: ({ readonly seed: string; readonly run: number } & Record<string, unknown>)[];
}

const machine = { cores: availableParallelism(), node: process.version, kernel: release() };

export const readEvidence = (file: string): Evidence =>
  existsSync(file) ? { ...(JSON.parse(readFileSync(file, 'utf8')) as Evidence), machine } : { machine, runs: [] };

/** One line a run. */
export const writeEvidence = (file: string, { runs }: Evidence): void => {
  const lines = runs.map((run) => `    ${JSON.stringify(run)}`).join(',\n');
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(`${file}.draft`, `{\n  "machine": ${JSON.stringify(machine)},\n  "runs": [\n${lines}\n  ]\n}\n`);
  renameSync(`${file}.draft`, file);
};

export const commit = (): string => {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  } catch {
    return 'unknown';
  }
};

/** Where the history of a failed run is found. */
export const keepFailed = (folder: string, name: string, history: object): string => {
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, `${name}.json`);
  writeFileSync(file, JSON.stringify(history, undefined, 1));
  return file;
};
