// Restart-Job (RFC 8011 section 4.3.7): a finished job whose documents are still kept is printed again under its own id.

import { operationIds } from '../../../protocols/ipp/operations.js';
import { readHoldUntil } from '../job-ticket.js';
import type { Operation } from '../operation.js';
import { ok } from '../request.js';
import { actualId } from '../targets.js';

export const restartJob: Operation = {
  id: operationIds['Restart-Job'],
  policy: 'job-owner',
  target: 'job',
  run: async (request, { spooler }, job) => {
    await spooler.control.restart(actualId(job), readHoldUntil(request.operation, spooler) ?? 'no-hold');
    return ok;
  },
};
