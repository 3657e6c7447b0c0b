// Carries a verdict out on the job's record: the last step of a job's way.

import type { JobRecord } from '../model/job.js';
import type { Outcome } from '../model/outcome.js';
import type { Clock } from '../platform/clock.js';
import * as change from './job-changes.js';
import type { JobTable } from './job-table.js';
import type { PrinterTable } from './printer-table.js';
import type { Verdict } from './verdict.js';

interface Parts {
  readonly jobs: JobTable;
  readonly printers: PrinterTable;
  readonly clock: Clock;
}

/** Resolves when the verdict is on record; an attempt that never began leaves no trace of itself (DESIGN section 4: soft state). */
export const carryOut = async (
  verdict: Verdict,
  { job, outcome, pagesAfter }: { job: JobRecord; outcome: Outcome; pagesAfter?: number },
  { jobs, printers, clock }: Parts,
): Promise<void> => {
  const end = { outcome, now: clock.wall(), ...(pagesAfter === undefined ? {} : { pagesAfter }) };
  switch (verdict.do) {
    case 'done':
      await jobs.update(job.id, (current) => change.complete(current, end));
      return;
    case 'retry':
      await jobs.update(job.id, (current) =>
        current.state === 'processing' || verdict.failed ? change.requeue(current, end, verdict.failed) : current,
      );
      return;
    case 'hold':
      await jobs.update(job.id, (current) =>
        current.state !== 'processing' && verdict.by === 'document'
          ? change.holdForDocument(current, outcome.detail)
          : change.holdAfterAttempt(current, end, verdict.by),
      );
      return;
    case 'stop-printer':
      await jobs.update(job.id, (current) =>
        current.state === 'processing' ? change.requeue(current, end, false) : current,
      );
      await printers.change(job.printer, { paused: true, pausedMessage: outcome.detail });
      return;
    case 'cancel':
      await jobs.update(job.id, (current) =>
        change.cancel(current, {
          now: end.now,
          reason: verdict.at === 'device' ? 'job-canceled-at-device' : 'job-canceled-by-user',
          end: outcome,
        }),
      );
      return;
    case 'drop':
      return;
    default:
      return verdict satisfies never;
  }
};
