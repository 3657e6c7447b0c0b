// Release-Job (RFC 8011 section 4.3.6).

import { operationIds } from '../../../protocols/ipp/operations.js';
import type { Operation } from '../operation.js';
import { ok } from '../request.js';
import { actualId } from '../targets.js';

export const releaseJob: Operation = {
  id: operationIds['Release-Job'],
  policy: 'job-owner',
  target: 'job',
  run: async (_request, { spooler }, job) => {
    await spooler.control.release(actualId(job));
    return ok;
  },
};
