// What every implementation of the store takes and refuses, in octets. A request beyond it is its caller's mistake.

import type { Change, Compare } from './store.js';

/** The longest key of an lmdb file with pages of 4 KiB. */
export const maxKeyBytes = 1978;
/** A record, as JSON in UTF-8 (DESIGN section 4). */
export const maxValueBytes = 128 * 1024;
export const defaultRangeLimit = 1_000;

/** The key's UTF-8 octets; throws RangeError for a key that no store takes. */
export const keyOctets = (key: string): Buffer => {
  const octets = Buffer.from(key, 'utf8');
  if (octets.length === 0) throw new RangeError('the empty string is not a key');
  if (octets.length > maxKeyBytes)
    throw new RangeError(`the key has ${octets.length} octets, more than ${maxKeyBytes}: ${key.slice(0, 80)}...`);
  if (octets.toString('utf8') !== key) throw new RangeError('the key is not well-formed Unicode');
  return octets;
};

/** The value as JSON text; throws RangeError for one that is too large or has no JSON form. */
export const valueText = (key: string, value: unknown): string => {
  const text: string | undefined = JSON.stringify(value);
  if (text === undefined) throw new RangeError(`the value of ${key} has no JSON form`);
  const length = Buffer.byteLength(text, 'utf8');
  if (length > maxValueBytes)
    throw new RangeError(`the value of ${key} has ${length} octets, more than ${maxValueBytes}`);
  return text;
};

/** Throws RangeError when a key is changed twice, or a compared revision is not one. */
export const assertTxn = (compares: readonly Compare[], changes: readonly Change[]): void => {
  for (const { key, revision } of compares)
    if (!Number.isSafeInteger(revision) || revision < 0)
      throw new RangeError(`${revision} is no revision (compare of ${key})`);
  const changed = new Set<string>();
  for (const change of changes) {
    const key = 'put' in change ? change.put : change.delete;
    if (changed.has(key)) throw new RangeError(`the key ${key} is changed twice in one transaction`);
    changed.add(key);
  }
};
