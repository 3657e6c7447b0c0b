// Cancel-My-Jobs (PWG 5100.11 section 4.1.2): all unfinished jobs of the user who asks, or those of them that job-ids names.

import { operationIds } from '../../../protocols/ipp/operations.js';
import type { Operation } from '../operation.js';
import { cancelAll } from '../cancel-all.js';

export const cancelMyJobs: Operation = {
  id: operationIds['Cancel-My-Jobs'],
  policy: 'anyone',
  target: 'printer-or-server',
  run: (request, context, printer) => cancelAll(request, context, { printer, onlyMine: true }),
};
