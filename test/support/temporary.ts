// Directories for tests that hold too much, or must outlive too much, for t.testdir().

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestScope } from './peers.js';

/** A new directory that is removed after the test. */
export const temporaryDirectory = async (t: TestScope): Promise<string> => {
  const directory = await mkdtemp(path.join(tmpdir(), 'platen-test-'));
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  return directory;
};
