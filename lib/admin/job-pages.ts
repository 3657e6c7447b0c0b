// Pages of the job list, each found in short steps: unfinished jobs are in memory, finished ones are read from the store.

import type { JobRecord } from '../model/job.js';
import type { JobTable } from '../queue/job-table.js';

export const jobFilters = ['not-completed', 'completed', 'all'] as const;
export type JobFilter = (typeof jobFilters)[number];

export interface JobPageRequest {
  readonly which: JobFilter;
  readonly printer?: string | undefined;
  readonly limit: number;
  /** The id at which the page starts. */
  readonly from?: number | undefined;
}

export interface JobPage {
  readonly jobs: readonly JobRecord[];
  /** Where the next page starts; absent at the end. */
  readonly next?: number;
}

/** So many records of the history are looked at for one page at most; the page may be short then. */
const mostLookedAt = 4_000;

const unfinishedIn = (jobs: JobTable, printer: string | undefined): Iterable<JobRecord> =>
  printer === undefined ? jobs.allUnfinished() : jobs.unfinishedOf(printer);

const page = (jobs: readonly JobRecord[], limit: number): JobPage => {
  const next = jobs[limit];
  return { jobs: jobs.slice(0, limit), ...(next === undefined ? {} : { next: next.id }) };
};

/** Unfinished jobs, oldest id first. */
const unfinishedPage = (jobs: JobTable, { printer, limit, from = 0 }: JobPageRequest): JobPage => {
  const found: JobRecord[] = [];
  for (const job of unfinishedIn(jobs, printer)) if (job.id >= from) found.push(job);
  return page(
    found.sort((a, b) => a.id - b.id),
    limit,
  );
};

/** Finished jobs, newest id first; with `all`, the unfinished ones among them. */
const finishedPage = async (
  jobs: JobTable,
  { which, printer, limit, from = Number.MAX_SAFE_INTEGER }: JobPageRequest,
): Promise<JobPage> => {
  const waiting: JobRecord[] = [];
  if (which === 'all') for (const job of unfinishedIn(jobs, printer)) if (job.id <= from) waiting.push(job);
  waiting.sort((a, b) => b.id - a.id);
  const found: JobRecord[] = [];
  let at = 0;
  const takeWaitingAbove = (id: number): void => {
    for (let job = waiting[at]; job !== undefined && job.id >= id && found.length <= limit; job = waiting[at]) {
      // A job that finished meanwhile is among the finished ones as well.
      if (job.id > id) found.push(job);
      at += 1;
    }
  };
  let lookedAt = 0;
  for await (const records of jobs.finished(from === Number.MAX_SAFE_INTEGER ? undefined : from)) {
    for (const record of records) {
      takeWaitingAbove(record.id);
      if (found.length > limit) return page(found, limit);
      if (printer === undefined || record.printer === printer) found.push(record);
      if (found.length > limit) return page(found, limit);
    }
    lookedAt += records.length;
    const last = records.at(-1);
    if (lookedAt >= mostLookedAt && last !== undefined && last.id > 1) return { jobs: found, next: last.id - 1 };
  }
  takeWaitingAbove(0);
  return page(found, limit);
};

/** `not-completed`: in order of their ids; else the newest first. */
export const jobPage = async (jobs: JobTable, request: JobPageRequest): Promise<JobPage> =>
  request.which === 'not-completed' ? unfinishedPage(jobs, request) : finishedPage(jobs, request);
