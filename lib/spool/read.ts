// Documents read back: the length is checked first, the hash before the last chunk is given out.

import { createHash } from 'node:crypto';
import { closeSync, fstatSync } from 'node:fs';
import { PlatenError } from '../errors.js';
import type { StoredDocument } from '../model/document.js';
import { diskError, systemCode } from './disk-error.js';
import { openForReading, readFull } from './files.js';
import type { DocumentLocation } from './layout.js';
import { headerBytes } from './segment-entry.js';

const chunkBytes = 128 << 10;

export type Verdict = 'intact' | 'missing' | 'damaged';

type Expected = Pick<StoredDocument, 'length' | 'sha256'>;

/** Errors that say something about the file, not about the moment. */
const damageCodes = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'EISDIR', 'EIO']);

const damaged = (reason: string, cause?: unknown): PlatenError =>
  new PlatenError('document-damaged', `the document is damaged: ${reason}`, { cause });

const readError = (error: unknown): unknown => {
  const code = systemCode(error);
  if (code === undefined) return error;
  return damageCodes.has(code) ? damaged(code === 'ENOENT' ? 'its file is missing' : code, error) : diskError(error);
};

/**
 * The document's octets in chunks, each the caller's own. Throws `PlatenError('document-damaged')` when the file is missing or is not what
 * was received; its last chunk is never given out then, so that a small damaged document yields nothing.
 */
export async function* readDocument(
  { path, at }: DocumentLocation,
  expected: Expected,
): AsyncGenerator<Uint8Array, void, undefined> {
  let fd: number | undefined;
  try {
    fd = await openForReading(path);
    // Synchronous because it does not wait: what opened the file has it in memory.
    const stat = fstatSync(fd);
    if (!stat.isFile()) throw damaged('it is not a file');
    const start = at === undefined ? 0 : at + headerBytes;
    const length = at === undefined ? stat.size : Math.min(stat.size - start, expected.length);
    if (length !== expected.length) throw damaged(`${Math.max(0, length)} octets instead of ${expected.length}`);
    yield* chunks(fd, start, expected);
  } catch (error) {
    throw readError(error);
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

async function* chunks(
  fd: number,
  start: number,
  { length, sha256 }: Expected,
): AsyncGenerator<Uint8Array, void, undefined> {
  const hash = createHash('sha256');
  for (let position = 0; ; ) {
    const chunk = Buffer.allocUnsafeSlow(Math.min(chunkBytes, length - position));
    if ((await readFull(fd, chunk, start + position)) < chunk.byteLength) throw damaged('it became shorter');
    hash.update(chunk);
    position += chunk.byteLength;
    if (position < length) {
      yield chunk;
      continue;
    }
    if (hash.digest('hex') !== sha256) throw damaged('its SHA-256 differs');
    if (chunk.byteLength > 0) yield chunk;
    return;
  }
}

/** Reads the document through. */
export const verifyDocument = async (location: DocumentLocation, expected: Expected): Promise<Verdict> => {
  try {
    for await (const chunk of readDocument(location, expected)) void chunk;
    return 'intact';
  } catch (error) {
    if (!(error instanceof PlatenError) || error.code !== 'document-damaged') throw error;
    return systemCode(error.cause) === 'ENOENT' ? 'missing' : 'damaged';
  }
};
