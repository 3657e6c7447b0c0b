// Pure: what is to be done when an attempt has ended, be it with an outcome or with an error.

import { PlatenError } from '../errors.js';
import type { JobRecord } from '../model/job.js';
import type { Outcome } from '../model/outcome.js';
import type { JobRunEnd } from './job-run.js';
import { type AttemptHistory, type Verdict, verdictOn } from './verdict.js';

export type AttemptEnd =
  | { readonly kind: 'verdict'; readonly outcome: Outcome; readonly pagesAfter?: number; readonly verdict: Verdict }
  /** The job was changed, held or canceled before its first byte: look again which job is next. */
  | { readonly kind: 'changed' }
  /** Nothing has left, nothing is on record. */
  | { readonly kind: 'not-made' };

export interface EndView {
  readonly ended: JobRunEnd | { readonly error: unknown };
  readonly state: JobRecord['state'];
  readonly history: AttemptHistory;
}

const interrupted = (detail: string): Outcome => ({ result: 'interrupted', evidence: 'partial', detail, bytes: 0 });

export const attemptEnd = ({ ended, state, history }: EndView): AttemptEnd => {
  if ('outcome' in ended) {
    const { outcome } = ended;
    // A port that prints what is not on record as begun would do so for ever.
    if (outcome.result === 'delivered' && state !== 'processing')
      return { kind: 'verdict', outcome, verdict: { do: 'hold', by: 'attempts' } };
    return { kind: 'verdict', ...ended, verdict: verdictOn(outcome, history) };
  }
  const { error } = ended;
  const code = error instanceof PlatenError ? error.code : undefined;
  if (error instanceof PlatenError && code === 'document-damaged')
    return { kind: 'verdict', outcome: interrupted(error.message), verdict: { do: 'hold', by: 'document' } };
  if (state !== 'processing') {
    if (code === 'job-not-possible' || code === 'job-not-found') return { kind: 'changed' };
    if (code !== undefined) return { kind: 'not-made' };
  }
  // A bug, a port that broke its promise, or a disk that cannot be read: in the end the job is held and the queue goes on.
  const outcome = interrupted(error instanceof PlatenError ? error.message : 'internal error');
  return { kind: 'verdict', outcome, verdict: verdictOn(outcome, history) };
};
