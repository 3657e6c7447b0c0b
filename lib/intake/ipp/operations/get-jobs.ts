// Get-Jobs (RFC 8011 section 4.2.6): encoded and sent piece by piece, so that long queues hold up nobody.

import { ProtocolError } from '../../../errors.js';
import type { JobRecord } from '../../../model/job.js';
import { isFinished } from '../../../model/job.js';
import { booleanOf, integerOf, stringOf } from '../../../protocols/ipp/lookup.js';
import { encodeAttributes } from '../../../protocols/ipp/message-writer.js';
import { operationIds } from '../../../protocols/ipp/operations.js';
import { groupTags } from '../../../protocols/ipp/tags.js';
import type { PrintSpooler } from '../../../queue/print-spooler.js';
import { compareJobs } from '../../../queue/schedule.js';
import { jobTable, requestedJobNames } from '../job-attributes.js';
import type { Operation } from '../operation.js';
import { whichJobsSupported } from '../printer-attributes.js';
import { selectAttributes } from '../select.js';

type WhichJobs = (typeof whichJobsSupported)[number];

const jobsAPiece = 100;

/** Those being sent first, then in the order in which they will be. */
const unfinished = (spooler: PrintSpooler, printer: string | undefined): JobRecord[] =>
  [...(printer === undefined ? spooler.jobs.allUnfinished() : spooler.jobs.unfinishedOf(printer))].sort(
    (a, b) => Number(b.state === 'processing') - Number(a.state === 'processing') || compareJobs(a, b),
  );

async function* pages(
  spooler: PrintSpooler,
  which: WhichJobs,
  printer: string | undefined,
): AsyncIterable<readonly JobRecord[]> {
  const wanted = (job: JobRecord): boolean => {
    if (printer !== undefined && job.printer !== printer) return false;
    if (which === 'completed') return isFinished(job.state);
    return which === 'all' || which === 'not-completed' || job.state === which;
  };
  const wantsFinished = which === 'completed' || which === 'all' || which === 'canceled' || which === 'aborted';
  if (which !== 'completed' && which !== 'canceled' && which !== 'aborted') {
    const waiting = unfinished(spooler, printer);
    for (let at = 0; at < waiting.length; at += jobsAPiece) yield waiting.slice(at, at + jobsAPiece).filter(wanted);
  }
  if (wantsFinished) for await (const page of spooler.jobs.finished()) yield page.filter(wanted);
}

export const getJobs: Operation = {
  id: operationIds['Get-Jobs'],
  policy: 'anyone',
  target: 'printer-or-server',
  run: async (request, { spooler, now }, printer) => {
    const { operation, authority, user } = request;
    const asked = stringOf(operation, 'which-jobs') ?? 'not-completed';
    const which = whichJobsSupported.find((known) => known === asked);
    if (which === undefined)
      throw new ProtocolError('client-error-attributes-or-values-not-supported', 'which-jobs has an unsupported value');
    const limit = integerOf(operation, 'limit') ?? Number.POSITIVE_INFINITY;
    if (limit < 1) throw new ProtocolError('client-error-bad-request', 'limit is not positive');
    const mine = booleanOf(operation, 'my-jobs') === true;
    const names = requestedJobNames(operation, 'short');
    const time = now();

    async function* encoded(): AsyncIterable<Uint8Array> {
      let left = limit;
      for await (const page of pages(spooler, which ?? 'not-completed', printer?.name)) {
        const chosen = (mine ? page.filter((job) => job.user === user) : page).slice(0, left);
        left -= chosen.length;
        if (chosen.length > 0)
          yield Buffer.concat(
            chosen.map((job) =>
              encodeAttributes({
                tag: groupTags.job,
                attributes: selectAttributes(jobTable, names, { job, authority, now: time }),
              }),
            ),
          );
        if (left <= 0) return;
        await new Promise<void>((resolve) => {
          setImmediate(resolve);
        });
      }
    }
    return { status: 'successful-ok', encoded: encoded() };
  },
};
