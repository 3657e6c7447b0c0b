// A damaged document in a segment: what can be read of it is copied to quarantine, for it cannot be moved.

import { closeSync } from 'node:fs';
import { systemCode, throwDiskError } from './disk-error.js';
import { create, fdatasync, openForReading, readFull, writeAll } from './files.js';
import { quarantinedName } from './layout.js';
import type { ReclaimParts } from './reclaim.js';
import type { DocumentCopy } from '../model/document.js';
import { closeQuietly } from './files.js';
import { headerBytes, maxEntryBytes } from './segment-entry.js';

/** False when the document was given up before, or its segment is gone. */
export const quarantineEntry = async (
  { layout, ledger, clock }: ReclaimParts,
  group: string,
  document: Pick<DocumentCopy, 'epoch' | 'file' | 'length'>,
): Promise<boolean> => {
  const { path, at = 0 } = layout.locate(group, document);
  if (ledger.knows(path) && !ledger.has(path, at)) return false;
  const octets = await readOctets(path, at + headerBytes, Math.min(document.length, maxEntryBytes));
  if (octets === undefined) return false;
  const fd = await create(layout.quarantined(quarantinedName(clock.wall(), group, document))).catch(throwDiskError);
  try {
    await writeAll(fd, octets).catch(throwDiskError);
    await fdatasync(fd).catch(throwDiskError);
  } finally {
    closeSync(fd);
  }
  return true;
};

/** As much as can be read; undefined when the segment is gone. */
const readOctets = async (path: string, from: number, length: number): Promise<Buffer | undefined> => {
  let fd: number | undefined;
  try {
    fd = await openForReading(path);
    const octets = Buffer.alloc(length);
    return octets.subarray(0, await readFull(fd, octets, from));
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    return Buffer.alloc(0);
  } finally {
    if (fd !== undefined) closeQuietly(fd);
  }
};
