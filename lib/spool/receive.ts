// One document from its source to the disk: temporary file -> write while hashing -> fsync -> rename -> fsync of the directory (R2).

import { closeSync } from 'node:fs';
import { PlatenError } from '../errors.js';
import { abortable } from './abortable.js';
import type { DirectorySync } from './directory-sync.js';
import { diskError, throwDiskError, throwFailed } from './disk-error.js';
import type { DocumentWriterOptions, Received } from './document-writer.js';
import { DocumentWriter } from './document-writer.js';
import { create, fsync, rename, unlink } from './files.js';
import { partOf } from './layout.js';

export interface ReceiveOptions extends DocumentWriterOptions {
  /** The final file, in `directory`. */
  readonly target: string;
  readonly directory: DirectorySync;
  readonly signal?: AbortSignal;
}

/** Resolves when the document is durable under its final name. Errors of the disk are `PlatenError`s; after any error nothing is left. */
export const receive = async (source: AsyncIterable<Uint8Array>, options: ReceiveOptions): Promise<Received> => {
  const { target, directory, signal } = options;
  signal?.throwIfAborted();
  const temporary = partOf(target);
  const fd = await create(temporary).catch(throwDiskError);
  let name = temporary;
  try {
    const received = await writeAndClose(fd, source, options);
    signal?.throwIfAborted();
    await rename(temporary, target).catch(throwDiskError);
    name = target;
    await directory.sync().catch(throwFailed);
    signal?.throwIfAborted();
    return received;
  } catch (error) {
    // What cannot be removed now is reclaimed later; the first error counts.
    await unlink(name).catch(() => undefined);
    throw error;
  }
};

/** Writes and syncs; the descriptor is closed in every case, once. */
const writeAndClose = async (
  fd: number,
  source: AsyncIterable<Uint8Array>,
  options: ReceiveOptions,
): Promise<Received> => {
  let received: Received;
  try {
    received = await writeAndSync(fd, source, options);
  } catch (error) {
    closeQuietly(fd);
    throw error;
  }
  try {
    // Synchronous because it does not wait: everything is on disk.
    closeSync(fd);
  } catch (error) {
    throw diskError(error);
  }
  return received;
};

const closeQuietly = (fd: number): void => {
  try {
    closeSync(fd);
  } catch {
    // The file is given up; the error that led here is thrown.
  }
};

const writeAndSync = async (
  fd: number,
  source: AsyncIterable<Uint8Array>,
  options: ReceiveOptions,
): Promise<Received> => {
  const { expectedBytes, signal } = options;
  const writer = new DocumentWriter(fd, options);
  try {
    for await (const chunk of abortable(source, signal)) await writer.add(chunk);
    const received = await writer.finish();
    if (expectedBytes !== undefined && received.length < expectedBytes)
      throw new PlatenError(
        'document-incomplete',
        `the document has ${received.length} of the announced ${expectedBytes} octets`,
      );
    signal?.throwIfAborted();
    await fsync(fd).catch(throwDiskError);
    return received;
  } finally {
    await writer.end();
  }
};
