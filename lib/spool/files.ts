// The few calls that documents are written and read with, on bare descriptors: cheaper by far than FileHandle for small files.

import * as fs from 'node:fs';
import { promisify } from 'node:util';

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_RDONLY, O_WRONLY } = fs.constants;

export const close = promisify(fs.close);
export const fdatasync = promisify(fs.fdatasync);
export const fsync = promisify(fs.fsync);
export const rename = promisify(fs.rename);
export const unlink = promisify(fs.unlink);
const open = promisify(fs.open);

/** For a file that is given up, or that was only read. */
export const closeQuietly = (fd: number): void => {
  try {
    fs.closeSync(fd);
  } catch {
    // Nothing depends on it.
  }
};

/** Creates a file that was not there, mode 0600. */
export const create = (name: string): Promise<number> => open(name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);

export const openForReading = (name: string): Promise<number> => open(name, O_RDONLY | O_NOFOLLOW);

export const openForReadingSync = (name: string): number => fs.openSync(name, O_RDONLY | O_NOFOLLOW);

export const openDirectory = (name: string): Promise<number> => open(name, O_RDONLY | fs.constants.O_DIRECTORY);

/** Writes all octets, appending. */
export const writeAll = async (fd: number, octets: Uint8Array): Promise<void> => {
  let done = 0;
  while (done < octets.byteLength) done += await write(fd, octets, done);
};

const write = (fd: number, octets: Uint8Array, from: number): Promise<number> =>
  new Promise((resolve, reject) =>
    fs.write(fd, octets, from, octets.byteLength - from, null, (error, count) =>
      error === null ? resolve(count) : reject(error),
    ),
  );

/** Writes all octets of all buffers at `position`. */
export const writeAllAt = async (fd: number, buffers: readonly Uint8Array[], position: number): Promise<void> => {
  let left = buffers;
  for (let at = position; left.length > 0; ) {
    const count = await writev(fd, left, at);
    at += count;
    left = without(left, count);
  }
};

const without = (buffers: readonly Uint8Array[], count: number): Uint8Array[] => {
  let skip = count;
  return buffers.flatMap((buffer) => {
    const skipped = Math.min(skip, buffer.byteLength);
    skip -= skipped;
    return skipped === buffer.byteLength ? [] : [buffer.subarray(skipped)];
  });
};

const writev = (fd: number, buffers: readonly Uint8Array[], position: number): Promise<number> =>
  new Promise((resolve, reject) =>
    fs.writev(fd, buffers, position, (error, count) => (error === null ? resolve(count) : reject(error))),
  );

/** Reads up to `octets.byteLength` octets at `position`; fewer only at the end of the file. Returns how many. */
export const readFull = async (fd: number, octets: Uint8Array, position: number): Promise<number> => {
  let done = 0;
  for (;;) {
    const count = await read(fd, octets, done, position + done);
    done += count;
    if (count === 0 || done === octets.byteLength) return done;
  }
};

const read = (fd: number, octets: Uint8Array, from: number, position: number): Promise<number> =>
  new Promise((resolve, reject) =>
    fs.read(fd, octets, from, octets.byteLength - from, position, (error, count) =>
      error === null ? resolve(count) : reject(error),
    ),
  );
