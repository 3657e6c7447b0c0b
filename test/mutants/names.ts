// The mistakes that can be built in, and how a test starts a node that makes one.

import path from 'node:path';

export type Mutant =
  | 'answers-before-sync'
  | 'syncs-no-directory'
  | 'takes-half-documents'
  | 'answers-before-commit'
  | 'keeps-completed'
  | 'forgets-ids';

export const mutantCommand = (mutant: Mutant): readonly string[] => [
  process.execPath,
  path.join(import.meta.dirname, 'worker.js'),
  '--mutant',
  mutant,
];
