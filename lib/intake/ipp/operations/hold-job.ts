// Hold-Job (RFC 8011 section 4.3.5).

import { operationIds } from '../../../protocols/ipp/operations.js';
import { readHoldUntil } from '../job-ticket.js';
import type { Operation } from '../operation.js';
import { ok } from '../request.js';
import { actualId } from '../targets.js';

export const holdJob: Operation = {
  id: operationIds['Hold-Job'],
  policy: 'job-owner',
  target: 'job',
  run: async (request, { spooler }, job) => {
    await spooler.control.hold(actualId(job), readHoldUntil(request.operation, spooler) ?? 'indefinite');
    return ok;
  },
};
