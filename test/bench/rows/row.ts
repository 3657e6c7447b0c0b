// What a row of the table is: one measurement of Platen, and of the peer where there is one.

import type { RowResult } from '../report.js';

export interface RowOptions {
  /** Small and short: shows that the measurement works, and little else. */
  readonly quick: boolean;
  /** Why the peer is left out; undefined where it is measured, too. */
  readonly withoutPeer: string | undefined;
}

export interface Row {
  readonly name: string;
  measure(options: RowOptions): Promise<RowResult>;
}

export const documentBytes = 10 << 10;

export const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

export const limitNote = (isLimit: boolean): string[] =>
  isLimit ? ['the load generator was busy all the time: the server may be faster'] : [];
