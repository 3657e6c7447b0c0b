// The header of a document in a segment: one line of ASCII of fixed length, so that a sweep, or a person, can tell whose octets follow.

import { createHash } from 'node:crypto';
import type { Received } from './document-writer.js';

export const headerBytes = 144;
/** Larger documents are files of their own. */
export const maxEntryBytes = 64 << 10;
export const magic = 'platen-document ';

const checkDigits = 8;
const headerPattern =
  /^platen-document (0|[1-9]\d{0,15}) (0|[1-9]\d{0,15}) (0|[1-9]\d{0,4}) ([0-9a-f]{64}) ([0-9a-f]{8}) *\n$/;

export interface EntryHeader extends Received {
  readonly job: number;
  readonly number: number;
}

const check = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, checkDigits);

export const writeHeader = ({ job, number, length, sha256 }: EntryHeader): Buffer => {
  const text = `${magic}${job} ${number} ${length} ${sha256}`;
  return Buffer.from(`${`${text} ${check(text)}`.padEnd(headerBytes - 1)}\n`, 'latin1');
};

/** Undefined for what is no header; a turned bit is found out. */
export const readHeader = (octets: Buffer): EntryHeader | undefined => {
  const found = headerPattern.exec(octets.toString('latin1', 0, headerBytes));
  const [, job, number, length, sha256 = '', sum] = found ?? [];
  if (found === null || check(`${magic}${job} ${number} ${length} ${sha256}`) !== sum) return undefined;
  if (Number(length) > maxEntryBytes) return undefined;
  return { job: Number(job), number: Number(number), length: Number(length), sha256 };
};
