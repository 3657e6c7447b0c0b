// CUPS-Accept-Jobs: what `cupsaccept` sends (Enable- and Disable-Printer of RFC 3998 under another number).

import { operationIds } from '../../../protocols/ipp/operations.js';
import type { Operation } from '../operation.js';
import { ok } from '../request.js';

export const cupsAcceptJobs: Operation = {
  id: operationIds['CUPS-Accept-Jobs'],
  policy: 'operator',
  target: 'printer',
  run: async (_request, { spooler }, printer) => {
    await spooler.changePrinter(printer.name, { accepting: true });
    return ok;
  },
};
