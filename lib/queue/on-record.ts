// Pure: what may have come of a write that failed.

import { PlatenError } from '../errors.js';

/** While the outcome is unknown the record may be there: what it lists stays, and a sweep finds what is not listed. */
export const mayBeOnRecord = (error: unknown): boolean =>
  error instanceof PlatenError && error.code === 'store-outcome-unknown';
