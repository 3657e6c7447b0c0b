// A look at an lmdb file before it is mapped into memory: reading a mapped page beyond the file's end would kill the process.
// Layout: struct MDB_page_header and MDB_meta of lmdb's mdb.c, 64-bit; the first two pages hold the meta data of the last two commits.

import type { FileHandle } from 'node:fs/promises';
import { open } from 'node:fs/promises';

const magic = 0xbeefc0de;
const metaFlag = 0x08;
const offsets = { flags: 18, magic: 24, pageSize: 48, lastPage: 144, end: 160 } as const;

const readMeta = async (file: FileHandle, at: number): Promise<Buffer | undefined> => {
  const octets = Buffer.alloc(offsets.end);
  const { bytesRead } = await file.read(octets, 0, octets.length, at);
  const isMeta =
    bytesRead === octets.length &&
    (octets.readUInt16LE(offsets.flags) & metaFlag) !== 0 &&
    octets.readUInt32LE(offsets.magic) === magic;
  return isMeta ? octets : undefined;
};

const neededBytes = async (file: FileHandle): Promise<number | undefined> => {
  const first = await readMeta(file, 0);
  const pageSize = first?.readUInt32LE(offsets.pageSize) ?? 0;
  if (first === undefined || pageSize < 512 || pageSize > 65_536) return undefined;
  const second = await readMeta(file, pageSize);
  if (second === undefined) return undefined;
  const lastPage = Math.max(...[first, second].map((meta) => Number(meta.readBigUInt64LE(offsets.lastPage))));
  const bytes = (lastPage + 1) * pageSize;
  return Number.isSafeInteger(bytes) && bytes < 2 ** 46 ? bytes : undefined;
};

/**
 * Says whether the file can be mapped: `new` when it is empty, `whole`, or `filled` when it was shorter than its meta data says and
 * is now as long, the rest being holes (lmdb may leave free pages at the end unwritten, or the file was cut off: read it through).
 * Throws an Error for what is not an lmdb file.
 */
export const prepareFile = async (name: string): Promise<'new' | 'whole' | 'filled'> => {
  const file = await open(name, 'r+');
  try {
    const { size } = await file.stat();
    if (size === 0) return 'new';
    const needed = await neededBytes(file);
    if (needed === undefined) throw new Error(`${name} is damaged: its first pages are not those of a store`);
    if (size >= needed) return 'whole';
    await file.truncate(needed);
    return 'filled';
  } finally {
    await file.close();
  }
};
