// Resume-Printer (RFC 8011 section 4.2.8).

import { operationIds } from '../../../protocols/ipp/operations.js';
import type { Operation } from '../operation.js';
import { ok } from '../request.js';

export const resumePrinter: Operation = {
  id: operationIds['Resume-Printer'],
  policy: 'operator',
  target: 'printer',
  run: async (_request, { spooler }, printer) => {
    await spooler.resumePrinter(printer.name);
    return ok;
  },
};
