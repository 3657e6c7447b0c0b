// Pure: may this printer take another job now?

import type { ErrorCode } from '../errors.js';
import type { PrinterRecord } from '../model/printer.js';

export interface AdmissionView {
  readonly printer: Pick<PrinterRecord, 'name' | 'accepting'> | undefined;
  readonly unfinishedJobs: number;
  readonly maxUnfinishedJobs: number;
  /** The store's room is kept for what is on record already. */
  readonly isStoreFull: boolean;
}

export type Admission =
  | { readonly admitted: true }
  | { readonly admitted: false; readonly code: ErrorCode; readonly detail: string };

export const admit = ({ printer, unfinishedJobs, maxUnfinishedJobs, isStoreFull }: AdmissionView): Admission => {
  if (printer === undefined) return { admitted: false, code: 'printer-not-found', detail: 'there is no such printer' };
  if (!printer.accepting)
    return { admitted: false, code: 'printer-not-accepting', detail: `printer ${printer.name} does not accept jobs` };
  if (unfinishedJobs >= maxUnfinishedJobs)
    return { admitted: false, code: 'too-many-jobs', detail: `${unfinishedJobs} jobs are waiting already` };
  if (isStoreFull)
    return { admitted: false, code: 'store-full', detail: 'the store takes no new jobs: it is half full' };
  return { admitted: true };
};
