// What a node notes of jobs whose documents came to it: those whose clients are not known to have gone on. In memory, for half a minute.

import type { Clock } from '../platform/clock.js';

export interface JobPlace {
  readonly group: string;
  readonly epoch: number;
  readonly job: number;
}

/** Longer than any takeover is worth asking. */
const keptForMs = 30_000;
/** Of one group's epoch. Beyond that the oldest are forgotten. */
const mostJobs = 10_000;

export class UnheardLedger {
  readonly #clock: Clock;
  /** `<group>/<epoch>` → job → own monotonic time of its arrival, the oldest first. */
  readonly #jobs = new Map<string, Map<number, number>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A document of the job is here, or its record. */
  arrived({ group, epoch, job }: JobPlace): void {
    const place = `${group}/${epoch}`;
    const jobs = this.#jobs.get(place) ?? new Map<number, number>();
    this.#jobs.set(place, jobs);
    jobs.delete(job);
    jobs.set(job, this.#clock.monotonic());
    this.#forgetOld();
  }

  /** Its client has gone on. */
  heard({ group, epoch, job }: JobPlace): void {
    this.#jobs.get(`${group}/${epoch}`)?.delete(job);
  }

  list(group: string, epoch: number): ReadonlyMap<number, number> {
    this.#forgetOld();
    return new Map(this.#jobs.get(`${group}/${epoch}`));
  }

  #forgetOld(): void {
    const oldest = this.#clock.monotonic() - keptForMs;
    for (const [place, jobs] of this.#jobs) {
      for (const [job, at] of jobs) {
        if (at >= oldest && jobs.size <= mostJobs) break;
        jobs.delete(job);
      }
      if (jobs.size === 0) this.#jobs.delete(place);
    }
  }
}
