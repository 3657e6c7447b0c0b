// What may be done to jobs that are on record: cancel, hold, release, restart, amend, purge. Everything resolves when it is durable.

import { PlatenError } from '../errors.js';
import { type Hold, isFinished, type JobRecord } from '../model/job.js';
import type { Clock } from '../platform/clock.js';
import type { Dispatcher } from './dispatcher.js';
import { mustReadHoldUntil } from './hold-until.js';
import * as change from './job-changes.js';
import type { JobTable } from './job-table.js';
import type { PrinterTable } from './printer-table.js';
import type { Retention } from './retention.js';

interface Parts {
  readonly jobs: JobTable;
  readonly printers: PrinterTable;
  readonly dispatcher: Dispatcher;
  readonly retention: Retention;
  readonly clock: Clock;
}

const canceledTogether = 64;

export class JobControl {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Resolves when the job is on record as canceled and no byte of it leaves any more. */
  async cancel(id: number, reason: 'job-canceled-by-user' | 'job-canceled-by-operator'): Promise<JobRecord> {
    const job = await this.#must(id);
    if (isFinished(job.state)) throw new PlatenError('job-not-possible', `job ${id} is ${job.state} already`);
    await this.#parts.dispatcher.cancel(job);
    const after = await this.#must(id);
    if (after.state === 'canceled') return after;
    if (isFinished(after.state)) throw new PlatenError('job-not-possible', `job ${id} is ${after.state} already`);
    return this.#parts.jobs.update(id, (current) => change.cancel(current, { now: this.#parts.clock.wall(), reason }));
  }

  /** Like `cancel`; a job that has finished in the meantime is left as it is. */
  async #cancelIfUnfinished(id: number): Promise<void> {
    try {
      await this.cancel(id, 'job-canceled-by-user');
    } catch (error) {
      const code = error instanceof PlatenError ? error.code : undefined;
      if (code !== 'job-not-possible' && code !== 'job-not-found') throw error;
    }
  }

  /** Cancels those of the jobs that have not finished in the meantime. */
  async cancelAll(unfinished: readonly JobRecord[]): Promise<void> {
    // What is being sent comes last: else the next job would begin in its place.
    const [waiting, sending] = [[], []] as [JobRecord[], JobRecord[]];
    for (const job of unfinished) (job.state === 'processing' ? sending : waiting).push(job);
    await this.#cancelTogether(waiting);
    await this.#cancelTogether(sending);
  }

  /** Cancels every unfinished job of the printer (of all printers) and forgets the finished ones with their documents. */
  async purge(printer: string | undefined): Promise<void> {
    const unfinished =
      printer === undefined ? this.#parts.jobs.allUnfinished() : this.#parts.jobs.unfinishedOf(printer);
    await this.cancelAll([...unfinished]);
    for await (const page of this.#parts.jobs.finished()) {
      for (const job of page)
        if (printer === undefined || job.printer === printer) await this.#parts.retention.forget(job.id);
    }
  }

  async hold(id: number, until = 'indefinite'): Promise<JobRecord> {
    const read = mustReadHoldUntil(until, this.#parts.clock.wall());
    await this.#mustBeUnfinished(id);
    return this.#parts.jobs.update(id, (job) =>
      read.held ? change.hold(job, until, read.endsAt) : change.release(job),
    );
  }

  async release(id: number): Promise<JobRecord> {
    await this.#mustBeUnfinished(id);
    return this.#parts.jobs.update(id, change.release);
  }

  /** Prints a finished job again under its own id. */
  async restart(id: number, holdUntil = 'no-hold'): Promise<JobRecord> {
    const read = mustReadHoldUntil(holdUntil, this.#parts.clock.wall());
    const job = await this.#must(id);
    if (!isFinished(job.state)) throw new PlatenError('job-not-possible', `job ${id} has not finished yet`);
    const { jobs, printers } = this.#parts;
    const hold: Hold | undefined = read.held
      ? { by: 'client', until: holdUntil, ...(read.endsAt === undefined ? {} : { endsAt: read.endsAt }) }
      : undefined;
    const again = await jobs.updateFinished(id, (done) => {
      printers.must(done.printer);
      return change.restart(done, jobs.takeSequence(), hold);
    });
    if (again === undefined) throw new PlatenError('job-not-found');
    return again;
  }

  /** Changes a job that waits (Set-Job-Attributes), all of it in one step. */
  async amend(
    id: number,
    { holdUntil, ...settings }: Partial<Pick<JobRecord, 'priority' | 'copies' | 'name'>> & { holdUntil?: string },
  ): Promise<JobRecord> {
    const read = holdUntil === undefined ? undefined : mustReadHoldUntil(holdUntil, this.#parts.clock.wall());
    await this.#mustBeUnfinished(id);
    return this.#parts.jobs.update(id, (job) => {
      if (job.state === 'processing') throw new PlatenError('job-not-possible', `job ${id} is being sent`);
      const amended = { ...job, ...settings };
      if (holdUntil === undefined || read === undefined) return amended;
      return read.held ? change.hold(amended, holdUntil, read.endsAt) : change.release(amended);
    });
  }

  /** Some at a time, so that the store writes them together. */
  async #cancelTogether(jobs: readonly JobRecord[]): Promise<void> {
    for (let at = 0; at < jobs.length; at += canceledTogether)
      await Promise.all(jobs.slice(at, at + canceledTogether).map(({ id }) => this.#cancelIfUnfinished(id)));
  }

  async #must(id: number): Promise<JobRecord> {
    const job = await this.#parts.jobs.find(id);
    if (job === undefined) throw new PlatenError('job-not-found', `there is no job ${id}`);
    return job;
  }

  async #mustBeUnfinished(id: number): Promise<void> {
    const job = await this.#must(id);
    if (isFinished(job.state)) throw new PlatenError('job-not-possible', `job ${id} is ${job.state} already`);
  }
}
