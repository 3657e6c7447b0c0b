// Send-Document (RFC 8011 section 4.3.1): the document is on the job's record before the answer.

import { PlatenError, ProtocolError } from '../../../errors.js';
import type { JobRecord } from '../../../model/job.js';
import { booleanOf } from '../../../protocols/ipp/lookup.js';
import { operationIds } from '../../../protocols/ipp/operations.js';
import { receiveDocument } from '../document.js';
import { jobAnswer } from '../job-answer.js';
import { readDocumentTicket } from '../job-ticket.js';
import type { IppContext, Operation } from '../operation.js';
import type { IppRequest } from '../request.js';

const receive = async (
  request: IppRequest,
  context: IppContext,
  { job, number, last }: { job: JobRecord; number: number; last: boolean },
): Promise<JobRecord> => {
  const { spooler } = context;
  const ticket = readDocumentTicket(request.operation, spooler.printers.must(job.printer));
  // The job was admitted with Create-Job: a queue that is full or closed by now takes its documents all the same.
  await spooler.uploads.admitDocument(request.documentBytes);
  const document = await receiveDocument(request, context, { job: job.id, number, ticket });
  // No data with last-document only closes the job; but a job of one empty document is one.
  if (last && document.length === 0 && job.documents.length > 0) {
    await spooler.uploads.discard([document]);
    return spooler.uploads.close(job.id);
  }
  return spooler.uploads.addDocument(job.id, document, { last });
};

export const sendDocument: Operation = {
  id: operationIds['Send-Document'],
  policy: 'job-owner',
  target: 'job',
  run: async (request, context, job) => {
    const last = booleanOf(request.operation, 'last-document');
    if (last === undefined) throw new ProtocolError('client-error-bad-request', 'last-document is missing');
    if (job.openUntil === undefined) throw new PlatenError('job-not-possible', `job ${job.id} takes no more documents`);
    const { spooler, maxDocumentsPerJob } = context;
    if (job.documents.length >= maxDocumentsPerJob)
      throw new PlatenError('job-not-possible', `a job holds at most ${maxDocumentsPerJob} documents`);
    const number = spooler.uploads.begin(job);
    if (number === undefined)
      throw new ProtocolError('server-error-busy', 'another document of this job is coming in just now');
    try {
      return jobAnswer(request, await receive(request, context, { job, number, last }));
    } finally {
      spooler.uploads.end(job.id);
    }
  },
};
