// Names of control and data files (RFC 1179 sections 6.2 and 6.3): `cfA123host` and `dfA123host`.

import { ProtocolError } from '../../errors.js';

export type FileKind = 'control' | 'data';

const namePattern = /^[cd]f([A-Za-z][0-9]{3,6})[^\s/\\\p{Cc}]*$/u;
const letters: Readonly<Record<FileKind, string>> = { control: 'c', data: 'd' };

/**
 * What a file's name is good for: the letter and number by which a control file's lines point at a data file.
 * The host's part is not compared (senders shorten it differently), and nothing of it is kept. Null: no such name.
 */
export const fileKey = (kind: FileKind, name: string): string | null =>
  name.startsWith(letters[kind]) ? (namePattern.exec(name)?.[1] ?? null) : null;

/** Throws ProtocolError for a name that is none. */
export const requireFileKey = (kind: FileKind, name: string): string => {
  const key = fileKey(kind, name);
  if (key === null) throw new ProtocolError('bad-file-name', `not a name for a ${kind} file`);
  return key;
};

const fileLetters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const longestHost = 31;

/** A host's name as file names and the `H` line carry it: at most 31 visible ASCII characters (section 7.2). */
export const shortHost = (host: string): string => host.replace(/[^\x21-\x7e]|[/\\]/g, '').slice(0, longestHost);

/** The name of the `index`-th file (from 0) of the job with this number. After 52 letters the number goes on. */
export const fileName = (kind: FileKind, file: { index: number; number: number; host: string }): string => {
  const number = (file.number + Math.floor(file.index / fileLetters.length)) % 1000;
  const letter = fileLetters.charAt(file.index % fileLetters.length);
  return `${letters[kind]}f${letter}${String(number).padStart(3, '0')}${shortHost(file.host)}`;
};
