// Small documents on their way to another node travel as they lie in a segment: header, octets, header, octets.

import type { NewEntry } from '../segment-writer.js';
import { headerBytes, readHeader, writeHeader } from '../segment-entry.js';

/** What goes in one request. */
export const batchBytes = 1 << 20;
export const batchEntries = 512;
/** What is read of one: an entry may stand over. */
export const mostBatchBytes = batchBytes + (128 << 10);

export const writeBatch = (entries: readonly NewEntry[]): Buffer =>
  Buffer.concat(entries.flatMap(({ octets, ...header }) => [writeHeader(header), octets]));

/** Undefined when it is no batch, or is cut short. The octets are not compared with their SHA-256 yet. */
export const readBatch = (body: Buffer): NewEntry[] | undefined => {
  const entries: NewEntry[] = [];
  for (let at = 0; at < body.byteLength; ) {
    const header = readHeader(body.subarray(at, at + headerBytes));
    if (header === undefined) return undefined;
    const end = at + headerBytes + header.length;
    if (end > body.byteLength || entries.length === batchEntries) return undefined;
    entries.push({ ...header, octets: body.subarray(at + headerBytes, end) });
    at = end;
  }
  return entries;
};
