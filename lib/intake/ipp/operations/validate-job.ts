// Validate-Job (RFC 8011 section 4.2.3): Print-Job's answer without a job.

import { operationIds } from '../../../protocols/ipp/operations.js';
import { readDocumentTicket, readTicket } from '../job-ticket.js';
import type { Operation } from '../operation.js';

export const validateJob: Operation = {
  id: operationIds['Validate-Job'],
  policy: 'anyone',
  target: 'printer',
  run: async (request, { spooler }, printer) => {
    readDocumentTicket(request.operation, printer);
    const { ignored } = readTicket(request, spooler);
    await spooler.uploads.admit(printer.name);
    return ignored.length === 0
      ? { status: 'successful-ok' }
      : { status: 'successful-ok-ignored-or-substituted-attributes', unsupported: ignored };
  },
};
