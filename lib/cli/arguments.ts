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
