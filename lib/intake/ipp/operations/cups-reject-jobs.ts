// CUPS-Reject-Jobs: what `cupsreject` sends (Enable- and Disable-Printer of RFC 3998 under another number).

import { operationIds } from '../../../protocols/ipp/operations.js';
import type { Operation } from '../operation.js';
import { ok } from '../request.js';

export const cupsRejectJobs: Operation = {
  id: operationIds['CUPS-Reject-Jobs'],
  policy: 'operator',
  target: 'printer',
  run: async (_request, { spooler }, printer) => {
    await spooler.changePrinter(printer.name, { accepting: false });
    return ok;
  },
};
