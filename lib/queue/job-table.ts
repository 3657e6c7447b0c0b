// The jobs of one group: unfinished ones in memory, as the store has them; finished ones read from the store on demand.
// The owner is the only writer, so memory is never behind; every change is durable before it is seen here.

import { PlatenError } from '../errors.js';
import { isFinished, type JobRecord } from '../model/job.js';
import { tooNew } from '../model/versions.js';
import { keys } from '../store/keys.js';
import type { Change, Json, Store } from '../store/store.js';
import type { GroupWrites } from './group-writes.js';
import { PrinterQueue } from './printer-queue.js';

interface Held {
  readonly record: JobRecord;
  readonly revision: number;
}

export type JobListener = (job: JobRecord, before: JobRecord | undefined) => void;

/** Returns the changed record, or the same one for "nothing to do"; throws to refuse. */
export type JobChange = (job: JobRecord) => JobRecord;

const pageSize = 500;
const asJson = (record: JobRecord): Json => record as unknown as Json;
const asJob = (value: Json): JobRecord => value as unknown as JobRecord;

/** Throws `record-too-new` for a record that this build must not rewrite. */
const readable = (job: JobRecord): JobRecord => {
  const fault = tooNew('job', job, `job ${job.id}`);
  if (fault !== undefined) throw new PlatenError('record-too-new', fault);
  return job;
};

export class JobTable {
  readonly #group: string;
  readonly #store: Store;
  readonly #writes: GroupWrites;
  readonly #unfinished = new Map<number, Held>();
  readonly #byPrinter = new Map<string, PrinterQueue>();
  /** Jobs that are about to be unfinished ones of a printer. */
  readonly #entering = new Map<number, string>();
  readonly #listeners: JobListener[] = [];
  /** The last change under way for each job: changes of one job follow one another. */
  readonly #changing = new Map<number, Promise<unknown>>();
  #lastSequence = 0;

  constructor({ group, store, writes }: { group: string; store: Store; writes: GroupWrites }) {
    this.#group = group;
    this.#store = store;
    this.#writes = writes;
  }

  /** Reads all unfinished jobs; to be called once, before anything else. */
  async load(): Promise<void> {
    const prefix = keys.jobs(this.#group);
    let from: string | undefined;
    for (;;) {
      const range = await this.#store.range(prefix, { limit: pageSize, ...(from === undefined ? {} : { from }) });
      for (const { value, revision } of range.entries) this.#keep(readable(asJob(value)), revision);
      const last = range.entries.at(-1);
      if (!range.more || last === undefined) return;
      from = `${last.key}\0`;
    }
  }

  /** Told of every change after it is durable; `before` is undefined for a new job. */
  onChange(listener: JobListener): void {
    this.#listeners.push(listener);
  }

  get unfinishedCount(): number {
    return this.#unfinished.size;
  }

  /** Larger than any sequence that an unfinished job of this group has. */
  takeSequence(): number {
    this.#lastSequence += 1;
    return this.#lastSequence;
  }

  unfinished(id: number): JobRecord | undefined {
    return this.#unfinished.get(id)?.record;
  }

  *allUnfinished(): IterableIterator<JobRecord> {
    for (const { record } of this.#unfinished.values()) yield record;
  }

  unfinishedOf(printer: string): Iterable<JobRecord> {
    return this.#byPrinter.get(printer)?.values() ?? [];
  }

  unfinishedCountOf(printer: string): number {
    return this.#byPrinter.get(printer)?.size ?? 0;
  }

  /** True when the printer has unfinished jobs, or gets one just now. */
  hasJobs(printer: string): boolean {
    return this.#byPrinter.has(printer) || [...this.#entering.values()].includes(printer);
  }

  /** The job of this printer to be printed next. */
  next(printer: string): JobRecord | undefined {
    return this.#byPrinter.get(printer)?.next();
  }

  /** The job, finished or not; undefined when there is none or its record is purged. */
  async find(id: number): Promise<JobRecord | undefined> {
    for (;;) {
      const held = this.unfinished(id);
      if (held !== undefined) return held;
      const done = await this.#store.get(keys.doneJob(this.#group, id));
      if (done !== undefined) return asJob(done.value);
      // A job that is being restarted is neither here nor there for a moment.
      const changing = this.#changing.get(id);
      if (changing === undefined) return this.unfinished(id);
      await changing.catch(() => undefined);
    }
  }

  /** Finished jobs, newest id first from `from` (inclusive) on, one page of the store at a time. */
  async *finished(from?: number): AsyncIterableIterator<readonly JobRecord[]> {
    yield* this.#pages('descending', from);
  }

  async *finishedOldestFirst(): AsyncIterableIterator<readonly JobRecord[]> {
    yield* this.#pages('ascending');
  }

  async *#pages(order: 'ascending' | 'descending', first?: number): AsyncIterableIterator<readonly JobRecord[]> {
    const prefix = keys.done(this.#group);
    let next = first;
    for (;;) {
      const from = next === undefined ? {} : { from: keys.doneJob(this.#group, next) };
      const range = await this.#store.range(prefix, { limit: 200, order, ...from });
      const jobs = range.entries.map(({ value }) => asJob(value));
      if (jobs.length > 0) yield jobs;
      const last = jobs.at(-1);
      if (!range.more || last === undefined) return;
      next = order === 'ascending' ? last.id + 1 : last.id - 1;
    }
  }

  /** Puts a new job on record. */
  async create(record: JobRecord): Promise<JobRecord> {
    return this.#serially(record.id, async () => {
      const key = keys.job(this.#group, record.id);
      const revision = await this.#enter(record, () =>
        this.#writes.commit(
          // The second keeps a request that arrives when the job is done from bringing it back.
          [
            { key, revision: 0 },
            { key: keys.doneJob(this.#group, record.id), revision: 0 },
          ],
          [{ put: key, value: asJson(record) }],
        ),
      );
      if (revision === undefined) throw new Error(`job id ${record.id} was given out twice`);
      this.#replace(undefined, record, revision);
      return record;
    });
  }

  /** Changes an unfinished job; throws `job-not-found` when it is finished or unknown. */
  async update(id: number, change: JobChange): Promise<JobRecord> {
    return this.#serially(id, async () => {
      const held = this.#unfinished.get(id);
      if (held === undefined) throw new PlatenError('job-not-found', `there is no unfinished job ${id}`);
      const record = change(held.record);
      if (record === held.record) return record;
      const key = keys.job(this.#group, id);
      const changes: Change[] = isFinished(record.state)
        ? [{ delete: key }, { put: keys.doneJob(this.#group, id), value: asJson(record) }]
        : [{ put: key, value: asJson(record) }];
      const revision = await this.#writes.commit([{ key, revision: held.revision }], changes);
      if (revision === undefined) throw new Error(`job ${id} was changed behind its owner's back`);
      this.#replace(held.record, record, revision);
      return record;
    });
  }

  /** Changes a finished job: to unfinished again (Restart-Job), in place, or to nothing (history is bounded). */
  async updateFinished(id: number, change: (job: JobRecord) => JobRecord | undefined): Promise<JobRecord | undefined> {
    return this.#serially(id, async () => {
      const doneKey = keys.doneJob(this.#group, id);
      const entry = await this.#store.get(doneKey);
      if (entry === undefined) throw new PlatenError('job-not-found', `there is no finished job ${id}`);
      const before = readable(asJob(entry.value));
      const record = change(before);
      const compare = { key: doneKey, revision: entry.revision };
      if (record === undefined) {
        await this.#writes.commit([compare], [{ delete: doneKey }]);
        return undefined;
      }
      const changes: Change[] = isFinished(record.state)
        ? [{ put: doneKey, value: asJson(record) }]
        : [{ delete: doneKey }, { put: keys.job(this.#group, id), value: asJson(record) }];
      const revision = await this.#enter(record, () => this.#writes.commit([compare], changes));
      if (revision === undefined) throw new Error(`job ${id} was changed behind its owner's back`);
      if (!isFinished(record.state)) this.#replace(before, record, revision);
      return record;
    });
  }

  /** Resolves when no change is under way. */
  async settled(): Promise<void> {
    while (this.#changing.size > 0) await Promise.allSettled(this.#changing.values());
  }

  async #serially<Result>(id: number, act: () => Promise<Result>): Promise<Result> {
    const before = this.#changing.get(id);
    const mine = (async () => {
      // How the change before ended is its caller's concern.
      await before?.catch(() => undefined);
      return act();
    })();
    this.#changing.set(id, mine);
    try {
      return await mine;
    } finally {
      if (this.#changing.get(id) === mine) this.#changing.delete(id);
    }
  }

  /** Lets nobody remove the printer while one of its jobs is being put on record. */
  async #enter<Result>({ id, printer, state }: JobRecord, commit: () => Promise<Result>): Promise<Result> {
    if (isFinished(state)) return commit();
    this.#entering.set(id, printer);
    try {
      return await commit();
    } finally {
      this.#entering.delete(id);
    }
  }

  #replace(before: JobRecord | undefined, record: JobRecord, revision: number): void {
    this.#keep(record, revision);
    for (const listener of this.#listeners) listener(record, before);
  }

  #keep(record: JobRecord, revision: number): void {
    let queue = this.#byPrinter.get(record.printer);
    if (isFinished(record.state)) {
      this.#unfinished.delete(record.id);
      queue?.delete(record.id);
      if (queue?.size === 0) this.#byPrinter.delete(record.printer);
      return;
    }
    this.#unfinished.set(record.id, { record, revision });
    if (queue === undefined) this.#byPrinter.set(record.printer, (queue = new PrinterQueue()));
    queue.put(record);
    this.#lastSequence = Math.max(this.#lastSequence, record.sequence ?? 0);
  }
}
