// Create-Job (RFC 8011 section 4.2.4): a job without documents yet, on record before the answer.

import { operationIds } from '../../../protocols/ipp/operations.js';
import { jobAnswer } from '../job-answer.js';
import { readTicket } from '../job-ticket.js';
import type { Operation } from '../operation.js';

export const createJob: Operation = {
  id: operationIds['Create-Job'],
  policy: 'anyone',
  target: 'printer',
  run: async (request, { spooler }, printer) => {
    const { draft, ignored } = readTicket(request, spooler);
    await spooler.uploads.admit(printer.name);
    const origin = { protocol: 'ipp', address: request.clientAddress } as const;
    const job = await spooler.uploads.submit(
      await spooler.uploads.takeJobId(),
      { ...draft, printer: printer.name, origin },
      { documents: [], open: true },
    );
    return jobAnswer(request, job, ignored);
  },
};
