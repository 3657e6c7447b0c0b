// Pause-Printer (RFC 8011 section 4.2.7): the document being sent ends well, no other one starts.

import { operationIds } from '../../../protocols/ipp/operations.js';
import { stringOf } from '../../../protocols/ipp/lookup.js';
import type { Operation } from '../operation.js';
import { ok } from '../request.js';

export const pausePrinter: Operation = {
  id: operationIds['Pause-Printer'],
  policy: 'operator',
  target: 'printer',
  run: async (request, { spooler }, printer) => {
    const message = stringOf(request.operation, 'printer-state-message') ?? 'Paused';
    await spooler.pausePrinter(printer.name, { message, cutOff: false });
    return ok;
  },
};
