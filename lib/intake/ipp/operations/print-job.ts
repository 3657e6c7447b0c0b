// Print-Job (RFC 8011 section 4.2.1).

import { operationIds } from '../../../protocols/ipp/operations.js';
import { receiveDocument } from '../document.js';
import { jobAnswer } from '../job-answer.js';
import { readDocumentTicket, readTicket } from '../job-ticket.js';
import type { Operation } from '../operation.js';

export const printJob: Operation = {
  id: operationIds['Print-Job'],
  policy: 'anyone',
  target: 'printer',
  run: async (request, context, printer) => {
    const { spooler } = context;
    const ticket = readDocumentTicket(request.operation, printer);
    const { draft, ignored } = readTicket(request, spooler);
    await spooler.uploads.admit(printer.name, request.documentBytes);
    const id = await spooler.uploads.takeJobId();
    const document = await receiveDocument(request, context, { job: id, number: 1, ticket });
    const origin = { protocol: 'ipp', address: request.clientAddress } as const;
    const job = await spooler.uploads.submit(
      id,
      { ...draft, printer: printer.name, origin },
      { documents: [document], open: false, sender: request.sender },
    );
    return jobAnswer(request, job, ignored);
  },
};
