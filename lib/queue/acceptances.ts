// Jobs that were accepted of late and whose clients may not have heard of it: the memory by which a resend is recognised (resend.ts).
// Soft state: who heard is forgotten at once, the others after some minutes.

import { PlatenError } from '../errors.js';
import type { JobRecord } from '../model/job.js';
import type { Tenure } from '../model/ownership.js';
import type { Clock } from '../platform/clock.js';
import type { Unheard } from './documents.js';
import type { Heard } from './hearing.js';
import type { JobTable } from './job-table.js';
import { lateInEpochMs, mayAnswer, resendWithinMs, signatureOf, type Acceptance, wentUnheard } from './resend.js';

interface Parts {
  readonly tenure: Tenure;
  readonly jobs: JobTable;
  readonly clock: Clock;
  /** What nodes know of the epoch before; undefined on a node that is alone. */
  readonly unheard: Unheard | undefined;
}

interface Known {
  readonly id: number;
  readonly signature: string;
  readonly acceptance: Acceptance;
  /** Resolves when it is settled whether the job is on record. */
  readonly settled: Promise<void>;
}

/** One that is being accepted. */
export interface Accepting {
  readonly heard: Heard;
  /** It is on record, or it is not. */
  settle(isOnRecord: boolean): void;
}

/** A resend that began in time may be long in coming. */
const keptForMs = 10 * resendWithinMs;
/** Beyond that the oldest are forgotten: their resends are new jobs. */
const mostKnown = 10_000;
/** So long a job that comes right after a change of owner may wait for what other nodes know. */
const askedForMs = 500;

export class Acceptances {
  readonly #parts: Parts;
  readonly #began: number;
  /** In the order in which they were accepted. */
  readonly #known = new Set<Known>();
  readonly #recognised = new Map<string, number>();
  #asked: Promise<void> | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#began = parts.clock.monotonic();
  }

  /** Asks what is known of the end of the epoch before; nothing waits for it but jobs that might be resends. */
  ask(): void {
    const { unheard, tenure } = this.#parts;
    if (unheard === undefined || tenure.epoch < 2) return;
    this.#asked = this.#ask(unheard).catch(() => undefined);
  }

  /** Resends that were recognised at this printer since the group came here. */
  recognised(printer: string): number {
    return this.#recognised.get(printer) ?? 0;
  }

  /** To be called before the job is put on record. */
  begin(job: JobRecord): Accepting {
    const { clock, unheard, tenure } = this.#parts;
    const { group, epoch } = tenure;
    let onSettled = (): void => {};
    let ended: 'open' | 'abnormally' = 'open';
    let isOnRecord = false;
    let hasHeard = false;
    const acceptedAt = clock.monotonic();
    const known: Known = {
      id: job.id,
      signature: signatureOf(job),
      acceptance: {
        epoch: 'this',
        acceptedAt,
        get ended() {
          return ended;
        },
      },
      settled: new Promise((resolve) => (onSettled = resolve)),
    };
    this.#add(known);
    const holders = [...new Set(job.documents.flatMap((document) => Object.keys(document.holders)))];
    return {
      heard: {
        wentOn: () => {
          hasHeard = true;
          this.#known.delete(known);
          if (isOnRecord) unheard?.heard({ group, epoch, job: job.id }, holders);
        },
        broke: () => {
          ended = 'abnormally';
        },
      },
      settle: (result) => {
        isOnRecord = result;
        if (!result) this.#known.delete(known);
        else if (!hasHeard) unheard?.accepted({ group, epoch, job: job.id });
        onSettled();
      },
    };
  }

  /**
   * The first job, where this one is it once more; the first one answers for no other resend then. `resentAt`: own monotonic time at which
   * the client began to send it.
   */
  async recognise(job: JobRecord, resentAt: number): Promise<JobRecord | undefined> {
    await this.#asked;
    const signature = signatureOf(job);
    for (const known of this.#known) {
      if (known.signature !== signature || known.id === job.id || !wentUnheard(known.acceptance, resentAt)) continue;
      // Nobody else matches it, whatever comes of it.
      this.#known.delete(known);
      await known.settled;
      const first = await this.#answerFor(known.id);
      if (first === undefined) continue;
      this.#recognised.set(job.printer, this.recognised(job.printer) + 1);
      return first;
    }
    return undefined;
  }

  #add(known: Known): void {
    this.#known.add(known);
    const now = this.#parts.clock.monotonic();
    for (const one of this.#known) {
      if (now - one.acceptance.acceptedAt <= keptForMs && this.#known.size <= mostKnown) break;
      this.#known.delete(one);
    }
  }

  /** Durably: its next owner must not take a third job for the first one again. */
  async #answerFor(id: number): Promise<JobRecord | undefined> {
    const { jobs } = this.#parts;
    const answering = (job: JobRecord): JobRecord => {
      if (!mayAnswer(job)) throw new PlatenError('job-not-possible', `job ${job.id} answers for no resend`);
      return { ...job, resends: 1 };
    };
    try {
      return jobs.unfinished(id) === undefined
        ? await jobs.updateFinished(id, answering)
        : await jobs.update(id, answering);
    } catch (error) {
      const code = error instanceof PlatenError ? error.code : undefined;
      if (code === 'job-not-found' && jobs.unfinished(id) === undefined && (await jobs.find(id)) !== undefined)
        return this.#answerFor(id);
      if (code === 'job-not-found' || code === 'job-not-possible') return undefined;
      throw error;
    }
  }

  async #ask(unheard: Unheard): Promise<void> {
    const { tenure, jobs } = this.#parts;
    const epoch = tenure.epoch - 1;
    const told = await unheard.known(tenure.group, epoch, askedForMs);
    const ids = new Set([...told.values()].flatMap((known) => [...known.keys()]));
    for (const id of ids) {
      const job = await jobs.find(id);
      const last = job?.documents.at(-1);
      if (job === undefined || last?.epoch !== epoch) continue;
      const holders = Object.keys(last.holders).flatMap((node) => told.get(node) ?? []);
      const times = holders.flatMap((known) => known.get(id) ?? []);
      const acceptedAt = Math.max(...times);
      if (this.#began - acceptedAt > lateInEpochMs) continue;
      this.#known.add({
        id,
        signature: signatureOf(job),
        acceptance: {
          epoch: 'last',
          acceptedAt,
          epochEndedAt: this.#began,
          holders: holders.map((known) => known.has(id)),
        },
        settled: Promise.resolve(),
      });
    }
  }
}
