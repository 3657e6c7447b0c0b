// The node's token: 256 random bits in a file that only the node's own user can read (R56). It is never logged.

import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import path from 'node:path';
import { replaceFile } from './durable-file.js';

const pattern = /^[A-Za-z0-9_-]{43}$/;

export const tokenFile = (stateDirectory: string): string => path.join(stateDirectory, 'token');

const readWhole = async (handle: FileHandle): Promise<string> => {
  // A token is short; whatever else was put there is not read whole.
  const { buffer, bytesRead } = await handle.read({ buffer: Buffer.alloc(1_024), position: 0 });
  return buffer.toString('latin1', 0, bytesRead).trim();
};

/** Reads a token file; throws when there is none, when others may read it, and when it holds no token. */
export const readToken = async (file: string): Promise<string> => {
  const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const { mode } = await handle.stat();
    if ((mode & 0o077) !== 0) throw new Error(`others than its owner may use ${file}: set its mode to 600`);
    const token = await readWhole(handle);
    if (!pattern.test(token)) throw new Error(`${file} holds no token`);
    return token;
  } finally {
    await handle.close();
  }
};

/** The token of this state directory, which must exist; made at the first call. */
export const ensureToken = async (stateDirectory: string): Promise<string> => {
  const file = tokenFile(stateDirectory);
  try {
    return await readToken(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  await replaceFile(file, `${randomBytes(32).toString('base64url')}\n`);
  return readToken(file);
};

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Takes as long whatever it is given (R51). */
export const tokenCheck = (token: string): ((given: string) => boolean) => {
  const wanted = digest(token);
  return (given) => timingSafeEqual(wanted, digest(given));
};
