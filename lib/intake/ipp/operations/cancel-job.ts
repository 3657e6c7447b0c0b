// Cancel-Job (RFC 8011 section 4.3.3): answered when no byte of the job leaves any more and that is on record.

import { operationIds } from '../../../protocols/ipp/operations.js';
import type { Operation } from '../operation.js';
import { ok } from '../request.js';
import { actualId } from '../targets.js';

export const cancelJob: Operation = {
  id: operationIds['Cancel-Job'],
  policy: 'job-owner',
  target: 'job',
  run: async (request, { spooler }, job) => {
    await spooler.control.cancel(
      actualId(job),
      job.user === request.user ? 'job-canceled-by-user' : 'job-canceled-by-operator',
    );
    return ok;
  },
};
