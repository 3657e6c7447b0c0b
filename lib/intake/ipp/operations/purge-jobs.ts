// Purge-Jobs (RFC 8011 section 4.2.9), also on the server's own URI: unfinished jobs are canceled, then nothing is left of any job.

import { operationIds } from '../../../protocols/ipp/operations.js';
import type { Operation } from '../operation.js';
import { ok } from '../request.js';

export const purgeJobs: Operation = {
  id: operationIds['Purge-Jobs'],
  policy: 'operator',
  target: 'printer-or-server',
  run: async (_request, { spooler }, printer) => {
    await spooler.control.purge(printer?.name);
    return ok;
  },
};
