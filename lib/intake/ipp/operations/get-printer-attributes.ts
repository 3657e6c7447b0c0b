// Get-Printer-Attributes (RFC 8011 section 4.2.5).

import type { PrinterRecord } from '../../../model/printer.js';
import { operationIds } from '../../../protocols/ipp/operations.js';
import type { IppContext, Operation } from '../operation.js';
import type { IppRequest } from '../request.js';

/** One printer's group, encoded. */
export const encodedPrinter = (request: IppRequest, context: IppContext, printer: PrinterRecord): Uint8Array[] => {
  const { spooler, printerAttributes, now } = context;
  return printerAttributes.encode(
    request.operation,
    { printer, authority: request.authority },
    {
      state: spooler.printerState(printer),
      accepting: printer.accepting,
      queued: spooler.jobs.unfinishedCountOf(printer.name),
      now: now(),
    },
  );
};

export const getPrinterAttributes: Operation = {
  id: operationIds['Get-Printer-Attributes'],
  policy: 'anyone',
  target: 'printer',
  run: async (request, context, printer) => ({
    status: 'successful-ok',
    encoded: encodedPrinter(request, context, printer),
  }),
};
