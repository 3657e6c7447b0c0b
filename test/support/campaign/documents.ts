// Documents that say whose they are: whatever comes out of a printer is compared with what was sent, octet by octet.

import { createHash } from 'node:crypto';
import { Seeded } from './seeded.js';

const mark = 'PLATEN-TEST ';
const headerPattern = /^PLATEN-TEST (\S{1,60}) (\d{1,3}) (\d{1,9})\n/;
const longestHeader = 100;

/** The document `number` (from 1) of the job `tag`: a line that says so, then `length` octets that follow from it. */
export const contentOf = (tag: string, number: number, length: number): Buffer =>
  Buffer.concat([Buffer.from(`${mark}${tag} ${number} ${length}\n`), new Seeded(`${tag} ${number}`).octets(length)]);

export const sha256 = (octets: Uint8Array): string => createHash('sha256').update(octets).digest('hex');

export interface PrintContent {
  /** Absent when not even the first document's line came out. */
  readonly tag?: string;
  /** Hashes of the documents that came out whole, in order. */
  readonly documents: readonly string[];
  /** Octets of a document that came out in part after them. */
  readonly partOctets: number;
  /** Something came out that is no part of any document. */
  readonly foreign: boolean;
}

const sizeOfCommon = (one: Buffer, other: Buffer): number => {
  const size = Math.min(one.length, other.length);
  return one.subarray(0, size).equals(other.subarray(0, size)) ? size : -1;
};

/** A header that broke off. */
const beginsHeader = (octets: Buffer): boolean => {
  const text = octets.toString('latin1');
  return text.length < longestHeader && !text.includes('\n') && (text.startsWith(mark) || mark.startsWith(text));
};

/** What one connection to a printer brought. */
export const readPrint = (octets: Buffer): PrintContent => {
  const documents: string[] = [];
  let tag: string | undefined;
  let at = 0;
  const told = () => ({ ...(tag === undefined ? {} : { tag }), documents });
  while (at < octets.length) {
    const rest = octets.subarray(at);
    const [, name, number, length] = headerPattern.exec(rest.toString('latin1', 0, longestHeader)) ?? [];
    if (name === undefined) return { ...told(), partOctets: rest.length, foreign: !beginsHeader(rest) };
    if (tag !== undefined && tag !== name) return { ...told(), partOctets: rest.length, foreign: true };
    tag = name;
    const whole = contentOf(name, Number(number), Number(length));
    const common = sizeOfCommon(rest, whole);
    if (common < whole.length) return { ...told(), partOctets: rest.length, foreign: common === -1 };
    documents.push(sha256(whole));
    at += whole.length;
  }
  return { ...told(), partOctets: 0, foreign: false };
};
