// Pure: what the queue does about the outcome of an attempt. The one table that decides (DESIGN section 7).

import type { Outcome } from '../model/outcome.js';

export type Verdict =
  | { readonly do: 'done' }
  /** Puts the job back at its place; the queue tries again after `afterMs`. */
  | { readonly do: 'retry'; readonly afterMs: number; readonly failed: boolean }
  | { readonly do: 'hold'; readonly by: 'attempts' | 'document' }
  | { readonly do: 'stop-printer' }
  /** The job ends as canceled: by whoever asked us, or at the device itself. */
  | { readonly do: 'cancel'; readonly at: 'server' | 'device' }
  /** Not ours any more: nothing is written. */
  | { readonly do: 'drop' };

export interface AttemptHistory {
  /** Failed attempts of this job before this one. */
  readonly failures: number;
  readonly maxAttempts: number;
  /** Attempts in a row that this printer's device did not take up, this one included. */
  readonly refusalsInARow: number;
  /** The attempt was ended from outside: by a cancel, or cut off to go on later. */
  readonly endedBy?: 'cancel' | 'cut-off';
}

const firstRetryMs = 1_000;
const lastRetryMs = 15_000;

/** 1, 2, 4, 8, 15, 15 … seconds: for ever, and never so long that a printer that is back stands idle. */
export const backOffMs = (refusalsInARow: number): number =>
  Math.min(lastRetryMs, firstRetryMs * 2 ** Math.min(16, Math.max(0, refusalsInARow - 1)));

const failed = ({ failures, maxAttempts }: AttemptHistory, afterMs: number): Verdict =>
  failures + 1 >= maxAttempts ? { do: 'hold', by: 'attempts' } : { do: 'retry', afterMs, failed: true };

export const verdictOn = (outcome: Outcome, history: AttemptHistory): Verdict => {
  switch (outcome.result) {
    case 'delivered':
      return { do: 'done' };
    case 'lost-ownership':
      return { do: 'drop' };
    case 'canceled':
      if (history.endedBy === 'cut-off') return { do: 'retry', afterMs: 0, failed: false };
      return { do: 'cancel', at: history.endedBy === 'cancel' ? 'server' : 'device' };
    case 'unreachable':
    case 'busy':
    case 'needs-attention':
      return { do: 'retry', afterMs: backOffMs(history.refusalsInARow), failed: false };
    case 'auth-required':
      return { do: 'stop-printer' };
    case 'rejected':
      return failed(history, backOffMs(history.failures + 3));
    case 'interrupted':
      // The printer has just come back or is about to: at once the first time, then more slowly.
      return failed(history, history.failures === 0 ? 0 : backOffMs(history.failures));
    default:
      return outcome.result satisfies never;
  }
};
