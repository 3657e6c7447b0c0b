// Ends holds whose time has come and jobs left open too long: looked at once a second.

import type { JobRecord } from '../model/job.js';
import type { Clock } from '../platform/clock.js';
import type { JobTable } from './job-table.js';

const lookEveryMs = 1_000;

/** When something is to happen to this job by itself; ms since 1970. */
const dueAt = (job: JobRecord): number | undefined => {
  const times = [job.openUntil, job.state === 'pending-held' ? job.hold?.endsAt : undefined];
  const due = times.filter((time) => time !== undefined);
  return due.length === 0 ? undefined : Math.min(...due);
};

export class JobDeadlines {
  readonly #due = new Map<number, number>();
  readonly #clock: Clock;
  readonly #act: (job: number) => void;
  #cancelTimer: (() => void) | undefined;

  /** `act` is called with the id of each job that is due; it changes the job's record. */
  constructor({ jobs, clock, act }: { jobs: JobTable; clock: Clock; act: (job: number) => void }) {
    this.#clock = clock;
    this.#act = act;
    for (const job of jobs.allUnfinished()) this.#note(job);
    jobs.onChange((job) => this.#note(job));
    this.#arm();
  }

  stop(): void {
    this.#cancelTimer?.();
  }

  #note(job: JobRecord): void {
    const due = dueAt(job);
    if (due === undefined) this.#due.delete(job.id);
    else this.#due.set(job.id, due);
  }

  #arm(): void {
    this.#cancelTimer = this.#clock.after(lookEveryMs, () => {
      const now = this.#clock.wall();
      for (const [job, due] of this.#due) if (due <= now) this.#act(job);
      this.#arm();
    });
  }
}
