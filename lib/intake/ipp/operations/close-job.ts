// Close-Job (PWG 5100.11 section 4.1.1).

import { operationIds } from '../../../protocols/ipp/operations.js';
import type { Operation } from '../operation.js';
import { jobAnswer } from '../job-answer.js';

export const closeJob: Operation = {
  id: operationIds['Close-Job'],
  policy: 'job-owner',
  target: 'job',
  run: async (request, { spooler }, job) =>
    jobAnswer(request, job.openUntil === undefined ? job : await spooler.uploads.close(job.id, request.sender)),
};
