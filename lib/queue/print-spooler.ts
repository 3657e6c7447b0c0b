// The Print Spooler of one group: what listeners and operators ask for, from an upload's first byte to the end of a job.

import { PlatenError } from '../errors.js';
import type { StoredDocument } from '../model/document.js';
import { defaultPriority, isFinished, type JobOrigin, type JobRecord } from '../model/job.js';
import type { Tenure } from '../model/ownership.js';
import type { PrinterRecord } from '../model/printer.js';
import type { Clock } from '../platform/clock.js';
import type { Log } from '../platform/log.js';
import type { Spool } from '../spool/spool.js';
import type { Store } from '../store/store.js';
import { admit } from './admission.js';
import { Dispatcher, type LaneView } from './dispatcher.js';
import type { EventSink } from './events.js';
import { GroupWrites } from './group-writes.js';
import { type HoldUntil, readHoldUntil } from './hold-until.js';
import * as change from './job-changes.js';
import { JobDeadlines } from './job-deadlines.js';
import { JobIds } from './job-ids.js';
import { type JobRunParts, runJob } from './job-run.js';
import { JobTable } from './job-table.js';
import { type PrinterState, printerState } from './printer-state.js';
import { type PrinterDraft, type PrinterSettings, PrinterTable } from './printer-table.js';
import { Retention, type RetentionPolicy } from './retention.js';

export interface SpoolerLimits {
  readonly maxUnfinishedJobs: number;
  readonly multipleOperationTimeoutMs: number;
  readonly keepOrphansMs: number;
}

export interface SpoolerParts extends Pick<JobRunParts, 'ports' | 'serverName' | 'pageCount'> {
  readonly tenure: Tenure;
  readonly store: Store;
  readonly spool: Spool;
  readonly clock: Clock;
  readonly log: Log;
  readonly events: EventSink;
  readonly limits: SpoolerLimits;
  readonly retention: RetentionPolicy;
  readonly printerDefaults: Pick<PrinterRecord, 'interrupted' | 'maxAttempts'>;
  readonly devicePorts: readonly number[];
  readonly resolve: (host: string) => Promise<readonly string[]>;
  readonly newUuid: () => string;
  /** printer-state-reasons keywords that the printer's device gave last. */
  readonly deviceReasons: (printer: PrinterRecord) => readonly string[];
  /** Told once when the node must leave its duty: it is not known what the store holds. */
  readonly onUncertain: (cause: unknown) => void;
}

/** What a client says of a job. */
export interface JobDraft {
  readonly printer: string;
  readonly name: string;
  readonly user: string;
  readonly host?: string;
  readonly origin: JobOrigin;
  readonly language?: string;
  readonly priority?: number;
  readonly copies?: number;
  /** job-hold-until; `bad-request` when it is none of the supported values. */
  readonly holdUntil?: string;
  /** RFC 8010 job-attributes-tag group, base64. */
  readonly ticket?: string;
}

export interface UploadOptions {
  readonly name?: string;
  readonly format: string;
  /** Octets, where the client announced them. */
  readonly expectedBytes?: number;
  readonly signal?: AbortSignal;
}

export class PrintSpooler {
  readonly group: string;
  readonly printers: PrinterTable;
  readonly jobs: JobTable;
  readonly #parts: SpoolerParts;
  readonly #ids: JobIds;
  readonly #dispatcher: Dispatcher;
  readonly #retention: Retention;
  readonly #sweep = new AbortController();
  readonly #uploading = new Set<number>();
  #deadlines: JobDeadlines | undefined;
  #reclaiming: Promise<void> | undefined;

  private constructor(parts: SpoolerParts) {
    const { tenure, store, clock, log, events, spool } = parts;
    this.group = tenure.group;
    this.#parts = parts;
    const writes = new GroupWrites({ store, tenure, onUncertain: parts.onUncertain });
    this.jobs = new JobTable({ group: tenure.group, store, writes });
    this.printers = new PrinterTable({
      group: tenure.group,
      store,
      writes,
      resolve: parts.resolve,
      devicePorts: parts.devicePorts,
      defaults: parts.printerDefaults,
      now: () => clock.wall(),
      newUuid: parts.newUuid,
    });
    this.#ids = new JobIds({ store, tenure, clock });
    const { jobs, printers } = this;
    const runParts: JobRunParts = { ...parts, jobs };
    this.#dispatcher = new Dispatcher({
      tenure,
      jobs,
      printers,
      clock,
      log,
      events,
      run: (job, printer, control) => runJob(job, printer, runParts, control),
    });
    this.#retention = new Retention({ group: tenure.group, jobs, spool, policy: parts.retention, clock, log });
  }

  /** Resolves when jobs are accepted and printed: unfinished records are read then, history is not (R66). */
  static async start(parts: SpoolerParts): Promise<PrintSpooler> {
    const spooler = new PrintSpooler(parts);
    await parts.spool.openEpoch(parts.tenure.group, parts.tenure.epoch);
    await spooler.printers.load();
    await spooler.jobs.load();
    await spooler.#recoverInterrupted();
    spooler.#deadlines = new JobDeadlines({
      jobs: spooler.jobs,
      clock: parts.clock,
      act: (job) => spooler.#act(job),
    });
    spooler.#dispatcher.start();
    spooler.#retention.start();
    spooler.#reclaiming = spooler.#reclaim();
    return spooler;
  }

  /** Starts no further job; documents being sent get `cutOffAfterMs`. Everything is on record when it resolves. */
  async stop(cutOffAfterMs: number): Promise<void> {
    this.#deadlines?.stop();
    this.#sweep.abort();
    await this.#dispatcher.stop(cutOffAfterMs);
    await this.#retention.stop();
    await this.#reclaiming;
    await this.jobs.settled();
    if (this.#parts.tenure.holds()) await this.#ids.release();
  }

  get epoch(): number {
    return this.#parts.tenure.epoch;
  }

  get uploadLimits(): SpoolerLimits {
    return this.#parts.limits;
  }

  /** Throws the reason for which this printer takes no job of `expectedBytes` octets now. */
  async admit(printer: string, expectedBytes?: number): Promise<PrinterRecord> {
    const record = this.printers.must(printer);
    const admission = admit({
      printer: record,
      unfinishedJobs: this.jobs.unfinishedCount,
      maxUnfinishedJobs: this.#parts.limits.maxUnfinishedJobs,
    });
    if (!admission.admitted) throw new PlatenError(admission.code, admission.detail);
    if (!this.#parts.tenure.holds()) throw new PlatenError('not-owner');
    await this.#parts.spool.admit(expectedBytes);
    return record;
  }

  takeJobId(): Promise<number> {
    return this.#ids.take();
  }

  /** Spools one document durably. Whoever does not put it on a job's record afterwards must `discard` it. */
  async receive(
    { job, number }: { job: number; number: number },
    source: AsyncIterable<Uint8Array>,
    { name, format, expectedBytes, signal }: UploadOptions,
  ): Promise<StoredDocument> {
    const { tenure, spool } = this.#parts;
    const { group, epoch } = tenure;
    const stored = await spool.receive({ group, epoch, job, number }, source, {
      ...(expectedBytes === undefined ? {} : { expectedBytes }),
      ...(signal === undefined ? {} : { signal }),
    });
    return { number, ...(name === undefined ? {} : { name }), format, ...stored, holders: [tenure.node] };
  }

  async discard(documents: readonly StoredDocument[]): Promise<void> {
    for (const document of documents) await this.#parts.spool.remove(this.group, document);
  }

  /** Reads a job-hold-until value against the clock; `undefined` when it is not supported. */
  readHoldUntil(value: string): HoldUntil | undefined {
    return readHoldUntil(value, this.#parts.clock.wall());
  }

  /**
   * Puts a new job on record, durably: it exists when this resolves. With `open`, it waits for more documents.
   * When this throws, the documents are gone.
   */
  async submit(
    id: number,
    draft: JobDraft,
    { documents, open }: { documents: readonly StoredDocument[]; open: boolean },
  ): Promise<JobRecord> {
    try {
      return await this.jobs.create(this.#newRecord(id, draft, documents, open));
    } catch (error) {
      // Not while the outcome is unknown: the record may be there.
      if (!(error instanceof PlatenError && error.code === 'store-outcome-unknown')) await this.discard(documents);
      throw error;
    }
  }

  /** Adds a document to an open job and, with `last`, closes it. When this throws, the document is gone. */
  async addDocument(id: number, document: StoredDocument, { last }: { last: boolean }): Promise<JobRecord> {
    try {
      return await this.jobs.update(id, (job) => {
        const longer = change.addDocument(job, document, this.#openUntil());
        return last ? change.close(longer, this.jobs.takeSequence()) : longer;
      });
    } catch (error) {
      if (!(error instanceof PlatenError && error.code === 'store-outcome-unknown')) await this.discard([document]);
      throw error;
    }
  }

  /**
   * Marks an open job as receiving a document: its time for the next one does not run meanwhile. Returns the number of the
   * document, or undefined when another one is coming in just now. Ends with `endUpload`.
   */
  beginUpload(job: JobRecord): number | undefined {
    if (this.#uploading.has(job.id)) return undefined;
    this.#uploading.add(job.id);
    return (job.documents.at(-1)?.number ?? 0) + 1;
  }

  endUpload(job: number): void {
    this.#uploading.delete(job);
  }

  /** Close-Job, or an empty last Send-Document. A job without any document is aborted. */
  async close(id: number): Promise<JobRecord> {
    return this.jobs.update(id, (job) =>
      job.openUntil !== undefined && job.documents.length === 0
        ? change.abort(job, 'the job was closed without a document', this.#parts.clock.wall())
        : change.close(job, this.jobs.takeSequence()),
    );
  }

  /** Resolves when the job is on record as canceled and no byte of it leaves any more. */
  async cancel(id: number, reason: 'job-canceled-by-user' | 'job-canceled-by-operator'): Promise<JobRecord> {
    const job = await this.#must(id);
    if (isFinished(job.state)) throw new PlatenError('job-not-possible', `job ${id} is ${job.state} already`);
    await this.#dispatcher.cancel(job);
    const after = await this.#must(id);
    if (after.state === 'canceled') return after;
    return this.jobs.update(id, (current) => change.cancel(current, { now: this.#parts.clock.wall(), reason }));
  }

  /** Like `cancel`; a job that has finished in the meantime is left as it is. */
  async cancelIfUnfinished(id: number): Promise<void> {
    try {
      await this.cancel(id, 'job-canceled-by-user');
    } catch (error) {
      const code = error instanceof PlatenError ? error.code : undefined;
      if (code !== 'job-not-possible' && code !== 'job-not-found') throw error;
    }
  }

  /** Cancels every unfinished job of the printer (of all printers) and forgets the finished ones with their documents. */
  async purge(printer: string | undefined): Promise<void> {
    const unfinished = printer === undefined ? this.jobs.allUnfinished() : this.jobs.unfinishedOf(printer);
    for (const { id } of [...unfinished]) await this.cancelIfUnfinished(id);
    for await (const page of this.jobs.finished()) {
      for (const job of page)
        if (printer === undefined || job.printer === printer) await this.#retention.forget(job.id);
    }
  }

  async hold(id: number, until = 'indefinite'): Promise<JobRecord> {
    const read = this.#mustReadHoldUntil(until);
    await this.#mustBeUnfinished(id);
    return this.jobs.update(id, (job) => (read.held ? change.hold(job, until, read.endsAt) : change.release(job)));
  }

  async release(id: number): Promise<JobRecord> {
    await this.#mustBeUnfinished(id);
    return this.jobs.update(id, change.release);
  }

  /** Prints a finished job again under its own id. */
  async restart(id: number, holdUntil = 'no-hold'): Promise<JobRecord> {
    const read = this.#mustReadHoldUntil(holdUntil);
    const job = await this.#must(id);
    if (!isFinished(job.state)) throw new PlatenError('job-not-possible', `job ${id} has not finished yet`);
    const again = await this.jobs.updateFinished(id, (done) =>
      change.restart(
        done,
        this.jobs.takeSequence(),
        read.held
          ? { by: 'client', until: holdUntil, ...(read.endsAt === undefined ? {} : { endsAt: read.endsAt }) }
          : undefined,
      ),
    );
    if (again === undefined) throw new PlatenError('job-not-found');
    return again;
  }

  /** Changes a job that waits (Set-Job-Attributes), all of it in one step. */
  async amend(
    id: number,
    { holdUntil, ...settings }: Partial<Pick<JobRecord, 'priority' | 'copies' | 'name'>> & { holdUntil?: string },
  ): Promise<JobRecord> {
    const read = holdUntil === undefined ? undefined : this.#mustReadHoldUntil(holdUntil);
    await this.#mustBeUnfinished(id);
    return this.jobs.update(id, (job) => {
      if (job.state === 'processing') throw new PlatenError('job-not-possible', `job ${id} is being sent`);
      const amended = { ...job, ...settings };
      if (holdUntil === undefined || read === undefined) return amended;
      return read.held ? change.hold(amended, holdUntil, read.endsAt) : change.release(amended);
    });
  }

  async addPrinter(draft: PrinterDraft): Promise<PrinterRecord> {
    const printer = await this.printers.add(draft);
    this.#parts.events.note('printer-added', { group: this.group, printer: printer.name, text: printer.deviceUri });
    return printer;
  }

  async changePrinter(name: string, settings: PrinterSettings): Promise<PrinterRecord> {
    const printer = await this.printers.change(name, settings);
    this.#parts.events.note('printer-changed', {
      group: this.group,
      printer: name,
      text: Object.keys(settings).join(', '),
    });
    return printer;
  }

  async removePrinter(name: string): Promise<void> {
    await this.printers.remove(name, () => this.jobs.unfinishedCountOf(name) > 0);
    this.#parts.events.note('printer-removed', { group: this.group, printer: name, text: '' });
  }

  /** Starts no further job there; with `cutOff` the document being sent is cut off and sent anew after the resume. */
  async pausePrinter(name: string, { message, cutOff }: { message: string; cutOff: boolean }): Promise<PrinterRecord> {
    const printer = await this.printers.change(name, { paused: true, pausedMessage: message });
    if (cutOff) await this.#dispatcher.cutOff(name);
    this.#parts.events.note('printer-paused', { group: this.group, printer: name, text: message });
    return printer;
  }

  async resumePrinter(name: string): Promise<PrinterRecord> {
    const printer = await this.printers.change(name, { paused: false, pausedMessage: '' });
    this.#parts.events.note('printer-resumed', { group: this.group, printer: name, text: '' });
    return printer;
  }

  /** What the printer does just now: soft state, not on record. */
  lane(printer: string): LaneView {
    return this.#dispatcher.view(printer);
  }

  printerState(printer: PrinterRecord): PrinterState {
    return printerState(printer, this.lane(printer.name), this.#parts.deviceReasons(printer));
  }

  /** The printer's device is said to be back: its queue does not wait for the next retry. */
  retryNow(printer: string): void {
    this.#dispatcher.retryNow(printer);
  }

  #mustReadHoldUntil(value: string): HoldUntil {
    const read = this.readHoldUntil(value);
    if (read === undefined)
      throw new PlatenError('bad-request', `job-hold-until ${JSON.stringify(value)} is not supported`);
    return read;
  }

  async #must(id: number): Promise<JobRecord> {
    const job = await this.jobs.find(id);
    if (job === undefined) throw new PlatenError('job-not-found', `there is no job ${id}`);
    return job;
  }

  async #mustBeUnfinished(id: number): Promise<void> {
    const job = await this.#must(id);
    if (isFinished(job.state)) throw new PlatenError('job-not-possible', `job ${id} is ${job.state} already`);
  }

  #openUntil(): number {
    return this.#parts.clock.wall() + this.#parts.limits.multipleOperationTimeoutMs;
  }

  #newRecord(id: number, draft: JobDraft, documents: readonly StoredDocument[], open: boolean): JobRecord {
    const { clock, newUuid } = this.#parts;
    const {
      holdUntil = 'no-hold',
      language = 'en',
      priority = defaultPriority,
      copies = 1,
      ticket = '',
      ...said
    } = draft;
    const read = this.#mustReadHoldUntil(holdUntil);
    const base: JobRecord = {
      version: 1,
      id,
      uuid: newUuid(),
      state: 'pending',
      reasons: open ? ['job-incoming'] : [],
      ...said,
      language,
      priority,
      copies,
      ticket,
      documents,
      created: clock.wall(),
      attempts: [],
      attemptCount: 0,
      failures: 0,
      ...(open ? { openUntil: this.#openUntil() } : { sequence: this.jobs.takeSequence() }),
    };
    return read.held ? change.hold(base, holdUntil, read.endsAt) : base;
  }

  async #recoverInterrupted(): Promise<void> {
    const now = this.#parts.clock.wall();
    const interrupted = [...this.jobs.allUnfinished()].filter(({ state }) => state === 'processing');
    for (const { id, printer } of interrupted) {
      const record = this.printers.get(printer);
      const policy = record ?? this.#parts.printerDefaults;
      await this.jobs.update(id, (job) => change.recover(job, { ...policy, now }));
    }
  }

  #act(id: number): void {
    const now = this.#parts.clock.wall();
    this.jobs
      .update(id, (job) => {
        if (job.openUntil !== undefined && job.openUntil <= now && this.#uploading.has(id)) return job;
        if (job.openUntil !== undefined && job.openUntil <= now)
          return job.documents.length === 0
            ? change.abort(job, 'no document came in time', now)
            : change.close(job, this.jobs.takeSequence());
        return change.holdIsOver(job, now) ? change.release(job) : job;
      })
      .catch((error: unknown) =>
        this.#parts.log.warn({ job: id, err: error }, 'a deadline of a job could not be kept'),
      );
  }

  async #reclaim(): Promise<void> {
    const { spool, tenure, limits, log, events } = this.#parts;
    try {
      const counts = await spool.reclaim({
        group: this.group,
        currentEpoch: tenure.epoch,
        findDocument: async (id, file) => {
          const job = await this.jobs.find(id);
          return job?.documentsKept === false ? undefined : job?.documents.find((document) => document.file === file);
        },
        keepOrphansMs: limits.keepOrphansMs,
        signal: this.#sweep.signal,
      });
      log.info({ group: this.group, ...counts }, 'spool checked');
      if (counts.quarantined > 0)
        events.note('spool-quarantined', { group: this.group, text: `${counts.quarantined} files` });
    } catch (error) {
      if (!this.#sweep.signal.aborted) log.error({ err: error }, 'the spool could not be checked');
    }
  }
}
