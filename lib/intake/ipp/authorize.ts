// The one place that says whether a request may be carried out; asked before any side effect (R50).

import { PlatenError } from '../../errors.js';
import type { JobRecord } from '../../model/job.js';
import type { IppContext, Policy } from './operation.js';
import type { IppRequest } from './request.js';

/** Throws `not-authorized`. */
export const authorize = (
  policy: Policy,
  request: IppRequest,
  { context, job }: { context: IppContext; job?: JobRecord },
): void => {
  if (policy === 'anyone') return;
  if (policy === 'job-owner' && job !== undefined && job.user === request.user) return;
  if (context.isOperator(request)) return;
  throw new PlatenError(
    'not-authorized',
    policy === 'operator' ? 'only operators may do that' : "only the job's user or an operator may do that",
  );
};
