// Cancel-My-Jobs (PWG 5100.11 section 4.1.2): all unfinished jobs of the user who asks, or those of them that job-ids names.

import { PlatenError } from '../../../errors.js';
import { integersOf } from '../../../protocols/ipp/lookup.js';
import { operationIds } from '../../../protocols/ipp/operations.js';
import type { Operation } from '../operation.js';
import { ok } from '../request.js';

export const cancelMyJobs: Operation = {
  id: operationIds['Cancel-My-Jobs'],
  policy: 'anyone',
  target: 'printer-or-server',
  run: async (request, { spooler }, printer) => {
    const all = printer === undefined ? spooler.jobs.allUnfinished() : spooler.jobs.unfinishedOf(printer.name);
    const mine = [...all].filter((job) => job.user === request.user);
    const ids = integersOf(request.operation, 'job-ids');
    const unknown = ids.find((id) => !mine.some((job) => job.id === id));
    // Nothing is canceled when one of the jobs cannot be.
    if (unknown !== undefined)
      throw new PlatenError('job-not-found', `job ${unknown} is no unfinished job of ${request.user}`);
    for (const { id } of mine) if (ids.length === 0 || ids.includes(id)) await spooler.cancelIfUnfinished(id);
    return ok;
  },
};
