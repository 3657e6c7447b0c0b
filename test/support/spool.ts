// What the spool's tests share: an open spool in a directory of its own, sources, and a look at what lies on the disk.

import { createHash } from 'node:crypto';
import { lstat, readdir } from 'node:fs/promises';
import path from 'node:path';
import type { Test } from 'tap';
import { systemClock } from '../../lib/platform/clock.js';
import { silentLog } from '../../lib/platform/log.js';
import type { SpoolOptions } from '../../lib/spool/spool.js';
import { Spool } from '../../lib/spool/spool.js';
import { temporaryDirectory } from './temporary.js';

export const MiB = 1 << 20;

/** Opens a spool with epoch 1 of `sales`. */
export const openSpool = async (t: Test, options: Partial<SpoolOptions> = {}) => {
  const directory = options.directory ?? (await temporaryDirectory(t));
  const spool = await Spool.open({
    directory,
    limits: { reserveBytes: MiB, maxDocumentBytes: 1024 * MiB },
    clock: systemClock,
    log: silentLog,
    ...options,
  });
  t.teardown(() => spool.close());
  await spool.openEpoch('sales', 1);
  return { spool, directory };
};

export const key = { group: 'sales', epoch: 1, job: 7, number: 1 } as const;

/** Octets that no two positions share by accident. */
export const octets = (length: number): Buffer => {
  const made = Buffer.alloc(length);
  for (let i = 0; i + 4 <= length; i += 4) made.writeUInt32LE((i * 2654435761) >>> 0, i);
  return made;
};

export const sha256 = (content: Uint8Array): string => createHash('sha256').update(content).digest('hex');

/** The content in chunks of `size`. */
export async function* chunked(content: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < content.byteLength; at += size) yield content.subarray(at, at + size);
}

export const gather = async (source: AsyncIterable<Uint8Array>): Promise<Buffer> => {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks);
};

export interface Found {
  /** Relative to the directory. */
  readonly name: string;
  readonly kind: 'file' | 'directory' | 'other';
  readonly mode: number;
}

/** Everything below the directory, by lstat. */
export const walk = async (directory: string): Promise<Found[]> => {
  const names = (await readdir(directory, { recursive: true })).toSorted();
  return Promise.all(
    names.map(async (name) => {
      const stat = await lstat(path.join(directory, name));
      const kind = stat.isFile() ? 'file' : stat.isDirectory() ? 'directory' : 'other';
      return { name, kind, mode: stat.mode & 0o777 };
    }),
  );
};

export const filesBelow = async (directory: string): Promise<string[]> =>
  (await walk(directory)).filter(({ kind }) => kind !== 'directory').map(({ name }) => name);

/** Open descriptors of this process that name something below the directory. */
export const openDescriptors = async (directory: string): Promise<string[]> => {
  const { readlink } = await import('node:fs/promises');
  const links = await Promise.all(
    (await readdir('/proc/self/fd')).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')),
  );
  return links.filter((link) => link.startsWith(`${directory}${path.sep}`)).toSorted();
};
