// Purge-Jobs (RFC 8011 section 4.2.9), also on the server's own URI: unfinished jobs are canceled, then nothing is left of any job. CUPS's
// `lprm -` says purge-jobs=false: jobs are canceled and their history stays.

import { booleanOf } from '../../../protocols/ipp/lookup.js';
import { operationIds } from '../../../protocols/ipp/operations.js';
import { cancelAll } from '../cancel-all.js';
import type { Operation } from '../operation.js';
import { ok } from '../request.js';

export const purgeJobs: Operation = {
  id: operationIds['Purge-Jobs'],
  policy: 'operator',
  target: 'printer-or-server',
  run: async (request, context, printer) => {
    if (booleanOf(request.operation, 'purge-jobs') === false)
      return cancelAll(request, context, { printer, onlyMine: false });
    await context.spooler.control.purge(printer?.name);
    return ok;
  },
};
