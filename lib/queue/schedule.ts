// Pure: which job each free device prints next: by priority, then by order of acceptance (DESIGN section 7).

import type { JobRecord } from '../model/job.js';
import { type DeviceLock, DeviceLocks } from './device-locks.js';

/** True when nothing but a free device is missing for the job to be printed. */
export const isSchedulable = (job: JobRecord): boolean =>
  job.state === 'pending' && job.sequence !== undefined && job.openUntil === undefined;

/** Negative when `a` is to be printed before `b`. Unsequenced jobs come last, by id. */
export const compareJobs = (a: JobRecord, b: JobRecord): number =>
  b.priority - a.priority ||
  (a.sequence ?? Number.MAX_SAFE_INTEGER) - (b.sequence ?? Number.MAX_SAFE_INTEGER) ||
  a.id - b.id;

export interface Candidate {
  readonly job: JobRecord;
  /** What must be free for it (R48). */
  readonly locks: readonly DeviceLock[];
}

/** Those of the candidates that can start at once, given the locks that are held; each start takes its locks. */
export const schedule = (candidates: readonly Candidate[], held: Pick<DeviceLocks, 'isFree'>): Candidate[] => {
  const taken = new DeviceLocks();
  return [...candidates]
    .sort((a, b) => compareJobs(a.job, b.job))
    .filter(({ locks }) => {
      if (!locks.every((lock) => held.isFree(lock) && taken.isFree(lock))) return false;
      for (const lock of locks) taken.take(lock);
      return true;
    });
};
