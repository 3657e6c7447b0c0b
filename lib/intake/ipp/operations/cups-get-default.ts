// CUPS-Get-Default: the printer that a client gets who names none.

import { PlatenError } from '../../../errors.js';
import { operationIds } from '../../../protocols/ipp/operations.js';
import type { Operation } from '../operation.js';
import { defaultPrinter } from '../targets.js';
import { encodedPrinter } from './get-printer-attributes.js';

export const cupsGetDefault: Operation = {
  id: operationIds['CUPS-Get-Default'],
  policy: 'anyone',
  target: 'server',
  run: async (request, context) => {
    const printer = defaultPrinter(context.spooler);
    if (printer === undefined) throw new PlatenError('printer-not-found', 'there is no printer yet');
    return { status: 'successful-ok', encoded: encodedPrinter(request, context, printer) };
  },
};
