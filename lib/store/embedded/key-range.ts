// Which stretch of the keys a range looks at, in the order of UTF-8 octets.

import { afterPrefix } from '../prefix.js';
import type { RangeOptions } from '../store.js';
import type { KeyRange } from './tables.js';

/** The bounds of a range, or undefined when nothing can lie in it. */
export const boundsOf = (prefix: string, { from, order }: RangeOptions): KeyRange | undefined => {
  const low = Buffer.from(prefix, 'utf8');
  const high = afterPrefix(low);
  const start = from === undefined ? undefined : Buffer.from(from, 'utf8');
  if (order === 'descending') {
    if (start !== undefined && start.compare(low) < 0) return undefined;
    const below = start !== undefined && (high === undefined || start.compare(high) < 0);
    return {
      ...(below ? { start } : high === undefined ? {} : { start: high, exclusiveStart: true }),
      ...(low.length === 0 ? {} : { end: low }),
      reverse: true,
    };
  }
  if (start !== undefined && high !== undefined && start.compare(high) >= 0) return undefined;
  const first = start !== undefined && start.compare(low) > 0 ? start : low;
  return {
    ...(first.length === 0 ? {} : { start: first }),
    ...(high === undefined ? {} : { end: high }),
    reverse: false,
  };
};
