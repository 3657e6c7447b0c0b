// How long finished jobs and their documents are kept: by age, by number, by octets. What goes is chosen by `expired`, a pure function.

import { PlatenError } from '../errors.js';
import { isFinished, type JobRecord, jobOctets } from '../model/job.js';
import type { Clock } from '../platform/clock.js';
import type { Log } from '../platform/log.js';
import type { Documents } from './documents.js';
import type { JobTable } from './job-table.js';
import type { StoreRoom } from './store-room.js';

export interface RetentionPolicy {
  readonly keepHistoryMs: number;
  readonly keepHistoryCount: number;
  readonly keepDocumentsMs: number;
  readonly keepDocumentsCount: number;
  readonly keepDocumentsBytes: number;
}

/** One finished job, as much of it as retention needs. */
export interface HistoryEntry {
  readonly id: number;
  readonly completed: number;
  readonly octets: number;
  readonly documentsKept: boolean;
}

export interface Expired {
  readonly records: number[];
  readonly documents: number[];
}

/** What the history holds together. */
export interface HistoryTotals {
  records: number;
  documents: number;
  octets: number;
}

/**
 * What of `entries`, which are in order of completion, must go. `kept` is counted down by what goes: a long history is looked at
 * in slices, oldest first.
 */
export const expired = (
  entries: readonly HistoryEntry[],
  kept: HistoryTotals,
  { policy, now }: { policy: RetentionPolicy; now: number },
): Expired => {
  const records: number[] = [];
  const documents: number[] = [];
  for (const { id, completed, octets, documentsKept } of entries) {
    const age = now - completed;
    const recordGoes = age > policy.keepHistoryMs || kept.records > policy.keepHistoryCount;
    const documentGoes =
      documentsKept &&
      (recordGoes ||
        age > policy.keepDocumentsMs ||
        kept.documents > policy.keepDocumentsCount ||
        kept.octets > policy.keepDocumentsBytes);
    if (documentGoes) {
      documents.push(id);
      kept.documents -= 1;
      kept.octets -= octets;
    }
    if (recordGoes) {
      records.push(id);
      kept.records -= 1;
    }
  }
  return { records, documents };
};

const sweepEveryMs = 60_000;
/** A sweep comes sooner when this many jobs have finished since the last one. */
const sweepAfterJobs = 2_000;

const entryOf = (job: JobRecord): HistoryEntry => ({
  id: job.id,
  completed: job.completed ?? job.created,
  octets: jobOctets(job),
  documentsKept: job.documentsKept === true,
});

const entriesASlice = 5_000;

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

interface RetentionParts {
  readonly group: string;
  readonly jobs: JobTable;
  readonly documents: Documents;
  readonly policy: RetentionPolicy;
  readonly storeRoom: () => StoreRoom;
  readonly clock: Clock;
  readonly log: Log;
}

export class Retention {
  readonly #parts: RetentionParts;
  readonly #history = new Map<number, HistoryEntry>();
  #loaded = false;
  #sweeping: Promise<void> | undefined;
  #sinceSweep = 0;
  #stopped = false;
  #cancelTimer: (() => void) | undefined;

  constructor(parts: RetentionParts) {
    this.#parts = parts;
    parts.jobs.onChange((job, before) => this.#note(job, before));
  }

  start(): void {
    this.#arm();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelTimer?.();
    // How the sweep ended is in the log already.
    await this.#sweeping?.catch(() => undefined);
  }

  /** Deletes what the policy no longer keeps; one sweep at a time. */
  async sweep(): Promise<void> {
    this.#sinceSweep = 0;
    this.#sweeping ??= this.#sweep().finally(() => {
      this.#sweeping = undefined;
    });
    return this.#sweeping;
  }

  /** Deletes a finished job and its documents now; one that is gone, or is printed again just now, is left alone. */
  async forget(id: number): Promise<void> {
    await this.#dropDocuments(id);
    await this.#dropRecord(id);
  }

  #note(job: JobRecord, before: JobRecord | undefined): void {
    if (!isFinished(job.state)) {
      if (before !== undefined && isFinished(before.state)) this.#history.delete(job.id);
      return;
    }
    this.#history.set(job.id, entryOf(job));
    this.#sinceSweep += 1;
    if (this.#sinceSweep >= sweepAfterJobs) this.#sweepOrLog();
  }

  #sweepOrLog(): void {
    this.sweep().catch((error: unknown) => {
      if (!this.#stopped) this.#parts.log.error({ err: error }, 'old jobs could not be removed');
    });
  }

  #arm(): void {
    this.#cancelTimer = this.#parts.clock.after(sweepEveryMs, () => {
      this.#sweepOrLog();
      this.#arm();
    });
  }

  async #load(): Promise<void> {
    for await (const page of this.#parts.jobs.finishedOldestFirst()) {
      for (const job of page) if (!this.#history.has(job.id)) this.#history.set(job.id, entryOf(job));
      if (this.#stopped) return;
    }
    this.#loaded = true;
  }

  async #sweep(): Promise<void> {
    // The history is read by the first sweep: a start waits for none of it (R66).
    if (!this.#loaded) await this.#load();
    const { clock } = this.#parts;
    const policy = this.#policy();
    const kept: HistoryTotals = { records: 0, documents: 0, octets: 0 };
    for await (const slice of this.#slices()) {
      kept.records += slice.length;
      for (const { documentsKept, octets } of slice) {
        if (!documentsKept) continue;
        kept.documents += 1;
        kept.octets += octets;
      }
    }
    for await (const slice of this.#slices()) {
      const { records, documents } = expired(slice, kept, { policy, now: clock.wall() });
      for (const id of documents) {
        if (this.#stopped) return;
        await this.#dropDocuments(id);
      }
      for (const id of records) {
        if (this.#stopped) return;
        await this.#dropRecord(id);
      }
    }
  }

  /** Half of the history goes with each sweep while the store is too full. */
  #policy(): RetentionPolicy {
    const { policy, storeRoom } = this.#parts;
    if (!storeRoom().trimHistory) return policy;
    return { ...policy, keepHistoryCount: Math.min(policy.keepHistoryCount, Math.floor(this.#history.size / 2)) };
  }

  /**
   * The history in the order in which it was read and added to: ids before this start, completion since. No other work waits for
   * more than a slice.
   */
  async *#slices(): AsyncIterable<readonly HistoryEntry[]> {
    const ids = [...this.#history.keys()];
    for (let at = 0; at < ids.length && !this.#stopped; at += entriesASlice) {
      await nextTurn();
      yield ids
        .slice(at, at + entriesASlice)
        .map((id) => this.#history.get(id))
        .filter((entry) => entry !== undefined);
    }
  }

  async #dropRecord(id: number): Promise<void> {
    await this.#change(id, () => undefined);
    this.#history.delete(id);
  }

  async #dropDocuments(id: number): Promise<void> {
    const { group, documents: stored } = this.#parts;
    let documents: JobRecord['documents'] = [];
    // First the record, so that no restart begins on documents that are about to go.
    await this.#change(id, (job) => {
      documents = job.documents;
      return { ...job, documentsKept: false };
    });
    for (const document of documents) await stored.remove(group, document);
    const entry = this.#history.get(id);
    if (entry !== undefined) this.#history.set(id, { ...entry, documentsKept: false });
  }

  /** A job that is no finished one any more, because it was forgotten or is printed again, is nothing for us, nor is one of a newer version. */
  async #change(id: number, change: (job: JobRecord) => JobRecord | undefined): Promise<void> {
    try {
      await this.#parts.jobs.updateFinished(id, change);
    } catch (error) {
      const code = error instanceof PlatenError ? error.code : undefined;
      if (code !== 'job-not-found' && code !== 'record-too-new') throw error;
      this.#history.delete(id);
    }
  }
}
