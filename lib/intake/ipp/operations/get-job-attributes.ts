// Get-Job-Attributes (RFC 8011 section 4.3.4).

import { operationIds } from '../../../protocols/ipp/operations.js';
import { groupTags } from '../../../protocols/ipp/tags.js';
import { jobTable, requestedJobNames, ticketAttributes } from '../job-attributes.js';
import type { Operation } from '../operation.js';
import { selectAttributes } from '../select.js';
import { actualId } from '../targets.js';

export const getJobAttributes: Operation = {
  id: operationIds['Get-Job-Attributes'],
  policy: 'anyone',
  target: 'job',
  run: async (request, { spooler, now }, job) => {
    const lane = spooler.lane(job.printer);
    const sent = lane.job === actualId(job) ? { sent: lane.progress?.written ?? 0 } : {};
    const names = requestedJobNames(request.operation, 'all');
    const attributes = selectAttributes(jobTable, names, { job, authority: request.authority, now: now(), ...sent });
    const known = new Set(Object.keys(jobTable));
    const ticket = names.includes('copies') ? ticketAttributes(job).filter(({ name }) => !known.has(name)) : [];
    return { status: 'successful-ok', groups: [{ tag: groupTags.job, attributes: [...attributes, ...ticket] }] };
  },
};
