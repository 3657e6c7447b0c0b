// What a measurement started and must end: the last first, also when the measurement fails.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestScope } from '../support/peers.js';

export class Scope implements TestScope {
  readonly #actions: (() => unknown)[] = [];

  teardown(action: () => unknown): void {
    this.#actions.push(action);
  }

  async end(): Promise<void> {
    for (const action of this.#actions.splice(0).reverse()) await action();
  }
}

/** Runs `measure` with a scope of its own. */
export const scoped = async <T>(measure: (scope: Scope) => Promise<T>): Promise<T> => {
  const scope = new Scope();
  try {
    return await measure(scope);
  } finally {
    await scope.end();
  }
};

/** A directory that is gone when the measurement has ended. */
export const workFolder = async (scope: TestScope): Promise<string> => {
  const folder = await mkdtemp(path.join(tmpdir(), 'platen-bench-'));
  scope.teardown(() => rm(folder, { recursive: true, force: true }));
  return folder;
};
