// What a segment holds by its headers, entry by entry. Only records say which of them count.

import { closeQuietly, openForReading, readFull } from './files.js';
import type { EntryHeader } from './segment-entry.js';
import { headerBytes, magic, readHeader } from './segment-entry.js';

const windowBytes = 64 << 10;

export interface FoundEntry extends EntryHeader {
  /** Where its header begins. */
  readonly at: number;
}

/**
 * Gives out the entries; returns true when the segment is damaged: something is in it that no writer left. The end of a batch that was cut
 * off by a crash, and zeros in its place, are no damage. Behind damage no length is believed: whatever looks like a header is given out.
 */
export async function* segmentEntries(path: string): AsyncGenerator<FoundEntry, boolean, undefined> {
  const fd = await openForReading(path);
  try {
    let isDamaged = false;
    const header = Buffer.alloc(headerBytes);
    for (let at = 0; ; ) {
      const count = await readFull(fd, header, at);
      if (count < headerBytes) return isDamaged || !isTail(header.subarray(0, count));
      const found = readHeader(header);
      if (found !== undefined) yield { at, ...found };
      if (found !== undefined && !isDamaged) {
        at += headerBytes + found.length;
        continue;
      }
      if (header.every((octet) => octet === 0) && (await isZeros(fd, at))) return isDamaged;
      isDamaged = true;
      const next = await findMagic(fd, at + 1);
      if (next === undefined) return true;
      at = next;
    }
  } finally {
    closeQuietly(fd);
  }
}

const isTail = (octets: Buffer): boolean =>
  octets.every((octet) => octet === 0) || octets.toString('latin1', 0, magic.length) === magic.slice(0, octets.length);

async function* windows(fd: number, from: number): AsyncGenerator<{ at: number; octets: Buffer }> {
  const buffer = Buffer.alloc(windowBytes);
  // Each begins with the last octets of the one before, so that none cuts the magic in two.
  for (let at = from; ; at += windowBytes - magic.length + 1) {
    const count = await readFull(fd, buffer, at);
    yield { at, octets: buffer.subarray(0, count) };
    if (count < windowBytes) return;
  }
}

const isZeros = async (fd: number, from: number): Promise<boolean> => {
  for await (const { octets } of windows(fd, from)) if (octets.some((octet) => octet !== 0)) return false;
  return true;
};

const findMagic = async (fd: number, from: number): Promise<number | undefined> => {
  for await (const { at, octets } of windows(fd, from)) {
    const index = octets.indexOf(magic, 0, 'latin1');
    if (index !== -1) return at + index;
  }
  return undefined;
};
