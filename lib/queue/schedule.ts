// Pure: which job each free device prints next: by priority, then by order of acceptance (DESIGN section 7).

import type { JobRecord } from '../model/job.js';

/** True when nothing but a free device is missing for the job to be printed. */
export const isSchedulable = (job: JobRecord): boolean =>
  job.state === 'pending' && job.sequence !== undefined && job.openUntil === undefined;

/** Negative when `a` is to be printed before `b`. Unsequenced jobs come last, by id. */
export const compareJobs = (a: JobRecord, b: JobRecord): number =>
  b.priority - a.priority ||
  (a.sequence ?? Number.MAX_SAFE_INTEGER) - (b.sequence ?? Number.MAX_SAFE_INTEGER) ||
  a.id - b.id;

/** The job of this queue to be printed next. */
export const nextJob = (jobs: Iterable<JobRecord>): JobRecord | undefined => {
  let best: JobRecord | undefined;
  for (const job of jobs) {
    if (isSchedulable(job) && (best === undefined || compareJobs(job, best) < 0)) best = job;
  }
  return best;
};

export interface Candidate {
  readonly job: JobRecord;
  /** What must be free for it: the device's addresses, or address and port pairs (R48). */
  readonly locks: readonly string[];
}

/** Those of the candidates that can start at once, given the locks that are held; each start takes its locks. */
export const schedule = (candidates: readonly Candidate[], held: ReadonlySet<string>): Candidate[] => {
  const taken = new Set(held);
  return [...candidates]
    .sort((a, b) => compareJobs(a.job, b.job))
    .filter(({ locks }) => {
      if (locks.some((lock) => taken.has(lock))) return false;
      for (const lock of locks) taken.add(lock);
      return true;
    });
};
