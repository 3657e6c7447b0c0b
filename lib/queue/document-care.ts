// Looks after the documents of unfinished jobs for as long as this node owns them: most urgent first, each job by itself (P7).

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { JobRecord } from '../model/job.js';
import type { Tenure } from '../model/ownership.js';
import type { Clock } from '../platform/clock.js';
import type { Log } from '../platform/log.js';
import { CopyRepair } from './copy-repair.js';
import type { Documents, Replication } from './documents.js';
import type { EventSink } from './events.js';
import type { JobTable } from './job-table.js';
import type { LocalCopies } from './local-copies.js';
import { isHeldForDocument, MissingDocuments } from './missing-documents.js';
import { compareJobs } from './schedule.js';

export interface DocumentCareParts {
  readonly tenure: Tenure;
  readonly jobs: JobTable;
  readonly documents: Documents;
  readonly replication: Replication;
  readonly localCopies: LocalCopies;
  readonly clock: Clock;
  readonly log: Log;
  readonly events: EventSink;
}

const lookEveryMs = 5_000;
/** A held job whose document could not be had is not tried again before, unless nodes come or go. */
const tryAgainMs = 60_000;
const atATime = 4;
const jobsASlice = 1_000;
/** Between two jobs that are scrubbed. */
const scrubPauseMs = 50;

export class DocumentCare {
  readonly #parts: DocumentCareParts;
  readonly #missing: MissingDocuments;
  readonly #repair: CopyRepair;
  readonly #stopping = new AbortController();
  /** Held jobs that were tried, and when. */
  readonly #tried = new Map<number, number>();
  #loops: Promise<unknown> | undefined;
  #wake: (() => void) | undefined;
  #isDue = false;
  #unfollow: (() => void) | undefined;

  constructor(parts: DocumentCareParts) {
    this.#parts = parts;
    this.#missing = new MissingDocuments(parts);
    this.#repair = new CopyRepair(parts);
  }

  start(): void {
    this.#unfollow = this.#parts.replication.onPeersChange(() => {
      this.#tried.clear();
      this.#isDue = true;
      this.#wake?.();
    });
    this.#loops = Promise.all([this.#look(), this.#scrub()]);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#unfollow?.();
    this.#wake?.();
    await this.#loops;
  }

  /** True while a copy for this job may be put on record by us. */
  isCopying(job: number): boolean {
    return this.#repair.isCopying(job);
  }

  async #look(): Promise<void> {
    while (this.#mayGoOn()) {
      this.#isDue = false;
      await this.#round();
      if (!this.#isDue) await this.#pause(lookEveryMs);
    }
  }

  async #round(): Promise<void> {
    const { jobs } = this.#parts;
    const concerned: JobRecord[] = [];
    let seen = 0;
    for (const job of jobs.allUnfinished()) {
      if (this.#mayTry(job) && (this.#missing.concerns(job) || this.#repair.concerns(job))) concerned.push(job);
      seen += 1;
      if (seen % jobsASlice === 0) await nextTurn();
    }
    for (const id of this.#tried.keys()) if (jobs.unfinished(id) === undefined) this.#tried.delete(id);
    this.#repair.forgetAllBut((id) => jobs.unfinished(id) !== undefined);
    const queue = concerned.sort(compareJobs).values();
    await Promise.all(Array.from({ length: atATime }, () => this.#work(queue)));
  }

  async #work(queue: Iterator<JobRecord>): Promise<void> {
    for (let next = queue.next(); next.done !== true; next = queue.next()) {
      if (!this.#mayGoOn()) return;
      const job = this.#parts.jobs.unfinished(next.value.id);
      if (job !== undefined) await this.#tend(job);
    }
  }

  async #tend(job: JobRecord): Promise<void> {
    const { clock, jobs, log } = this.#parts;
    try {
      if (this.#missing.concerns(job)) await this.#missing.tend(job);
      const now = jobs.unfinished(job.id);
      if (now !== undefined && isHeldForDocument(now)) this.#tried.set(job.id, clock.monotonic());
      else if (now !== undefined && this.#repair.concerns(now)) await this.#repair.repair(now, this.#stopping.signal);
    } catch (error) {
      if (this.#mayGoOn()) log.warn({ job: job.id, err: error }, 'the documents of a job could not be looked after');
    }
  }

  async #scrub(): Promise<void> {
    const { replication, clock, jobs, log } = this.#parts;
    for (;;) {
      await clock.sleep(replication.carePolicy.scrubEveryMs, this.#stopping.signal);
      // Those that come meanwhile have their turn next time.
      const ids = Array.from(jobs.allUnfinished(), ({ id }) => id);
      for (const id of ids) {
        if (!this.#mayGoOn()) return;
        const job = jobs.unfinished(id);
        if (job === undefined || job.state === 'processing') continue;
        await this.#repair.scrub(job, this.#stopping.signal).catch((error: unknown) => {
          if (this.#mayGoOn()) log.warn({ job: id, err: error }, 'the documents of a job could not be checked');
        });
        await clock.sleep(scrubPauseMs, this.#stopping.signal);
      }
      if (!this.#mayGoOn()) return;
    }
  }

  #mayTry({ id }: JobRecord): boolean {
    const tried = this.#tried.get(id);
    return tried === undefined || this.#parts.clock.monotonic() - tried >= tryAgainMs;
  }

  #mayGoOn(): boolean {
    return !this.#stopping.signal.aborted && this.#parts.tenure.holds();
  }

  async #pause(ms: number): Promise<void> {
    const enough = new AbortController();
    this.#wake = () => enough.abort();
    if (!this.#stopping.signal.aborted) await this.#parts.clock.sleep(ms, enough.signal);
    this.#wake = undefined;
  }
}
