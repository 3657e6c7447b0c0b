// Send-Document (RFC 8011 section 4.3.1): the document is on the job's record before the answer.

import { createHash } from 'node:crypto';
import { PlatenError, ProtocolError } from '../../../errors.js';
import type { JobRecord } from '../../../model/job.js';
import { booleanOf } from '../../../protocols/ipp/lookup.js';
import { operationIds } from '../../../protocols/ipp/operations.js';
import { decompressed } from '../decompress.js';
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
    return spooler.uploads.close(job.id, request.sender);
  }
  return spooler.uploads.addDocument(job.id, document, { last, sender: request.sender });
};

/**
 * Whether a job that is closed ends with the request's document: the client sends it again, for it did not hear our answer (DESIGN section 6).
 * An open job does not tell a repeated document from a second one like it, and its client can ask how many there are.
 */
const isLastOf = async (job: JobRecord, request: IppRequest, context: IppContext): Promise<boolean> => {
  const known = job.documents.at(-1);
  if (known === undefined || job.state === 'canceled' || job.state === 'aborted') return false;
  const { compression } = readDocumentTicket(request.operation, context.spooler.printers.must(job.printer));
  const hash = createHash('sha256');
  let length = 0;
  for await (const chunk of decompressed(request.document, compression, context.decompression)) {
    length += chunk.byteLength;
    if (length > known.length) return false;
    hash.update(chunk);
  }
  return length === known.length && hash.digest('hex') === known.sha256;
};

export const sendDocument: Operation = {
  id: operationIds['Send-Document'],
  policy: 'job-owner',
  target: 'job',
  run: async (request, context, job) => {
    const last = booleanOf(request.operation, 'last-document');
    if (last === undefined) throw new ProtocolError('client-error-bad-request', 'last-document is missing');
    if (job.openUntil === undefined) {
      if (last && (await isLastOf(job, request, context))) return jobAnswer(request, job);
      throw new PlatenError('job-not-possible', `job ${job.id} takes no more documents`);
    }
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
