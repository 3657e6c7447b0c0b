// Nothing is left behind: what this process starts bears a word in its environment, and a small process beside it kills all that bear
// it when this one is gone, in whatever way; stopped ones too.

import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { TestScope } from './peers.js';
import { bearing, commandOf, send } from './processes.js';

const variable = 'PLATEN_LEASH';
const goneTimeoutMs = 10_000;

export interface Leash {
  /** Command lines of all that is there now. */
  held(): readonly string[];
}

/** Kills until none is left. */
export const killAllBearing = async (word: string): Promise<void> => {
  const deadline = performance.now() + goneTimeoutMs;
  for (let left = bearing(word); left.length > 0 && performance.now() < deadline; left = bearing(word)) {
    for (const id of left) send(id, 'SIGKILL');
    await pause(10);
  }
};

/** All that this process starts from now on is killed when the scope ends. */
export const takeOnLeash = (scope: TestScope): Leash => {
  const value = randomBytes(8).toString('hex');
  const word = `${variable}=${value}`;
  const holder = spawn(process.execPath, [path.join(import.meta.dirname, 'leash-main.js'), word], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
    env: {},
  });
  holder.unref();
  process.env[variable] = value;
  scope.teardown(async () => {
    delete process.env[variable];
    await killAllBearing(word);
    holder.stdin.end();
  });
  return { held: () => bearing(word).map(commandOf) };
};
