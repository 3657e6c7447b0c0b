// Where things are below the state directory (spool/README.md). Every name is the server's own (R12).

import { randomBytes } from 'node:crypto';
import path from 'node:path';
import type { DocumentCopy } from '../model/document.js';
import { isName } from '../model/names.js';

const part = '.part';
const filePattern = /^(0|[1-9]\d{0,15})\.(0|[1-9]\d{0,15})\.[0-9a-f]{16}$/;
const epochPattern = /^(0|[1-9]\d{0,15})$/;
const segmentPattern = /^segment\.[0-9a-f]{16}$/;
/** A document in a segment: the segment's name and where its entry begins. */
const entryPattern = /^(segment\.[0-9a-f]{16})@(0|[1-9]\d{0,15})$/;
/** `<wall clock in ms>.<group>.<epoch>.<file>`, what `quarantinedName` makes. */
const quarantinedPattern =
  /^(\d{1,16})\.(.+)\.(\d{1,16})\.(\d{1,16}\.\d{1,16}\.[0-9a-f]{16}(\.part)?|segment\.[0-9a-f]{16}(@\d{1,16})?)$/;

export interface DocumentKey {
  readonly group: string;
  readonly epoch: number;
  readonly job: number;
  /** 1 for the first document of a job. */
  readonly number: number;
}

export type DocumentPlace = Pick<DocumentCopy, 'epoch' | 'file'>;

/** Where a document's octets are: a file of its own, or the entry of a segment that begins `at`. */
export interface DocumentLocation {
  readonly path: string;
  readonly at?: number;
}

/** What an entry of an epoch's directory is by its name. */
export type FileName =
  | { readonly kind: 'document' | 'part'; readonly job: number /** Name without `.part`. */; readonly file: string }
  | { readonly kind: 'segment' }
  | { readonly kind: 'unknown' };

const assertNumbers = (...numbers: readonly number[]): void => {
  for (const number of numbers)
    if (!Number.isSafeInteger(number) || number < 0)
      throw new RangeError(`${number} is no number of a job or an epoch`);
};

const random = (): string => randomBytes(8).toString('hex');

export class Layout {
  readonly directory: string;
  readonly documents: string;
  readonly quarantine: string;

  constructor(directory: string) {
    this.directory = directory;
    this.documents = path.join(directory, 'documents');
    this.quarantine = path.join(directory, 'quarantine');
  }

  group(group: string): string {
    if (!isName(group)) throw new RangeError(`not the name of a group: ${JSON.stringify(group)}`);
    return path.join(this.documents, group);
  }

  epoch(group: string, epoch: number): string {
    assertNumbers(epoch);
    return path.join(this.group(group), String(epoch));
  }

  /** The file of a document that has one to itself; throws RangeError when the name is not one of ours. */
  document(group: string, { epoch, file }: DocumentPlace): string {
    if (!filePattern.test(file)) throw new RangeError(`not a file name of the spool: ${JSON.stringify(file)}`);
    return path.join(this.epoch(group, epoch), file);
  }

  /** Where the document is; throws RangeError when the record's name is not one of ours. */
  locate(group: string, { epoch, file }: DocumentPlace): DocumentLocation {
    const [, segment, at] = entryPattern.exec(file) ?? [];
    if (segment === undefined) return { path: this.document(group, { epoch, file }) };
    return { path: path.join(this.epoch(group, epoch), segment), at: Number(at) };
  }

  quarantined(name: string): string {
    return path.join(this.quarantine, name);
  }
}

/** A new name for a document; its random part keeps a second upload of it apart. */
export const newFileName = ({ job, number }: Pick<DocumentKey, 'job' | 'number'>): string => {
  assertNumbers(job, number);
  return `${job}.${number}.${random()}`;
};

export const newSegmentName = (): string => `segment.${random()}`;

/** What a record calls the document whose entry begins at `at`. */
export const entryName = (segment: string, at: number): string => `${segment}@${at}`;

export const partOf = (file: string): string => file + part;

export const parseFileName = (name: string): FileName => {
  if (segmentPattern.test(name)) return { kind: 'segment' };
  const file = name.endsWith(part) ? name.slice(0, -part.length) : name;
  const job = filePattern.exec(file)?.[1];
  if (job === undefined) return { kind: 'unknown' };
  return { kind: file === name ? 'document' : 'part', job: Number(job), file };
};

/** The epoch whose directory has this name, or undefined. */
export const parseEpochName = (name: string): number | undefined =>
  epochPattern.test(name) && Number.isSafeInteger(Number(name)) ? Number(name) : undefined;

/** `at`: wall clock, ms since 1970. */
export const quarantinedName = (at: number, group: string, { epoch, file }: DocumentPlace): string =>
  `${Math.floor(at)}.${group}.${epoch}.${file}`;

/** For what is not ours by name; the log says what it was called. */
export const unknownName = (at: number): string => `${Math.floor(at)}.unknown.${random()}`;

/** When it was put there, or undefined when it was not ours by name. */
export const parseQuarantinedName = (name: string): number | undefined => {
  const at = quarantinedPattern.exec(name)?.[1];
  return at === undefined ? undefined : Number(at);
};
