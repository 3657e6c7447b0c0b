// Words of the command line turned into values; what cannot be one ends the command as a wrong usage.

import { InvalidArgumentError } from 'commander';

export const wholeNumber =
  (least: number, most: number) =>
  (text: string): number => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= least && value <= most))
      throw new InvalidArgumentError(`Expected a whole number from ${least} to ${most}.`);
    return value;
  };

export const jobId = wholeNumber(1, 9_999_999_999);

/** A printer's name as one segment of a path. */
export const segment = (text: string): string => {
  if (text === '' || text === '.' || text === '..') throw new InvalidArgumentError('This is no name.');
  return encodeURIComponent(text);
};

/** `a,b` as a list. */
export const listOf = (text: string): readonly string[] => {
  const words = text.split(',').map((word) => word.trim());
  if (words.includes('')) throw new InvalidArgumentError('Expected names with commas between them.');
  return words;
};

/** For an option that may be given several times. */
export const another = (text: string, before: readonly string[] = []): readonly string[] => [...before, text];

export const anotherPort = (text: string, before: readonly number[] = []): readonly number[] => [
  ...before,
  wholeNumber(1, 65_535)(text),
];

export type FailbackWord =
  | { readonly policy: 'prevent' | 'immediate' }
  | { readonly policy: 'hours'; readonly from: number; readonly to: number };

/** `prevent`, `immediate`, or hours such as `22-5`. */
export const failbackOf = (text: string): FailbackWord => {
  if (text === 'prevent' || text === 'immediate') return { policy: text };
  const [, from, to] = /^(\d{1,2})-(\d{1,2})$/.exec(text) ?? [];
  if (from === undefined || to === undefined || Number(from) > 23 || Number(to) > 23)
    throw new InvalidArgumentError('Expected "prevent", "immediate", or hours such as 22-5.');
  return { policy: 'hours', from: Number(from), to: Number(to) };
};

/** `sales/spooler` as the path of its resource. */
export const resourcePath = (text: string): ResourcePath => {
  const [group, name, more] = text.split('/');
  if (group === undefined || name === undefined || more !== undefined)
    throw new InvalidArgumentError('Expected GROUP/RESOURCE, such as sales/spooler.');
  return { text, name, group: segment(group), path: `/api/1/groups/${segment(group)}/resources/${segment(name)}` };
};

export interface ResourcePath {
  readonly text: string;
  readonly name: string;
  /** As one segment of a path. */
  readonly group: string;
  readonly path: string;
}
