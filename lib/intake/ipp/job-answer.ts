// What every operation that makes or changes a job answers (RFC 8011 section 4.2.1.2).

import type { JobRecord } from '../../model/job.js';
import { groupTags } from '../../protocols/ipp/tags.js';
import type { IppAttribute } from '../../protocols/ipp/values.js';
import { jobTable } from './job-attributes.js';
import type { IppAnswer, IppRequest } from './request.js';
import { selectAttributes } from './select.js';

const names = ['job-id', 'job-uri', 'job-state', 'job-state-reasons', 'job-state-message', 'job-uuid'];

export const jobAnswer = (request: IppRequest, job: JobRecord, ignored: readonly IppAttribute[] = []): IppAnswer => ({
  status: ignored.length === 0 ? 'successful-ok' : 'successful-ok-ignored-or-substituted-attributes',
  unsupported: ignored,
  groups: [
    {
      tag: groupTags.job,
      attributes: selectAttributes(jobTable, names, { job, authority: request.authority, now: 0 }),
    },
  ],
});
