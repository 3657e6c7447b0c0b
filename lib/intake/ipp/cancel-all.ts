// Cancels many jobs at once, for Cancel-Jobs and Cancel-My-Jobs: all of them, or those that job-ids names.

import { PlatenError } from '../../errors.js';
import type { PrinterRecord } from '../../model/printer.js';
import { integersOf } from '../../protocols/ipp/lookup.js';
import type { IppContext } from './operation.js';
import { type IppAnswer, type IppRequest, ok } from './request.js';

/** Nothing is canceled when one of the jobs named is no unfinished job that the client may cancel. */
export const cancelAll = async (
  request: IppRequest,
  { spooler }: IppContext,
  { printer, onlyMine }: { printer: PrinterRecord | undefined; onlyMine: boolean },
): Promise<IppAnswer> => {
  const all = printer === undefined ? spooler.jobs.allUnfinished() : spooler.jobs.unfinishedOf(printer.name);
  const candidates = [...all].filter((job) => !onlyMine || job.user === request.user);
  const named = new Set(integersOf(request.operation, 'job-ids'));
  const known = new Set(candidates.map(({ id }) => id));
  const unknown = [...named].find((id) => !known.has(id));
  if (unknown !== undefined)
    throw new PlatenError('job-not-found', `job ${unknown} is no unfinished job that you may cancel`);
  await spooler.control.cancelAll(named.size === 0 ? candidates : candidates.filter(({ id }) => named.has(id)));
  return ok;
};
