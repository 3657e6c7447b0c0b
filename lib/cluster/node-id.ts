// Who a node is, whatever its name: 128 random bits in its state directory, made at its first start.

import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { replaceFile } from '../platform/durable-file.js';

const pattern = /^[0-9a-f]{32}$/;

/** The id of this state directory, which must exist. */
export const nodeIdIn = async (stateDirectory: string): Promise<string> => {
  const file = path.join(stateDirectory, 'node-id');
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  if (pattern.test(text.trim())) return text.trim();
  const id = randomBytes(16).toString('hex');
  await replaceFile(file, `${id}\n`);
  return id;
};
