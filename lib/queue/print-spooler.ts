// The Print Spooler of one group, brought online and offline as one thing: jobs, printers, the way in, the way out.

import type { JobRecord } from '../model/job.js';
import type { Tenure } from '../model/ownership.js';
import type { PrinterRecord } from '../model/printer.js';
import type { Clock } from '../platform/clock.js';
import type { Log } from '../platform/log.js';
import type { StoredDocument } from '../model/document.js';
import type { Store } from '../store/store.js';
import { Acceptances } from './acceptances.js';
import { Dispatcher } from './dispatcher.js';
import { DocumentCare } from './document-care.js';
import { type CopyPlace, listedCopy } from './listed-copy.js';
import type { Documents } from './documents.js';
import type { EventSink } from './events.js';
import { GroupWrites } from './group-writes.js';
import { type HoldUntil, readHoldUntil } from './hold-until.js';
import * as change from './job-changes.js';
import { JobControl } from './job-control.js';
import { JobDeadlines } from './job-deadlines.js';
import { JobIds } from './job-ids.js';
import { type JobRunParts, runJob } from './job-run.js';
import { JobTable } from './job-table.js';
import { LocalCopies } from './local-copies.js';
import type { LaneView } from './lane.js';
import { type PrinterState, printerState } from './printer-state.js';
import { type PrinterDraft, type PrinterSettings, PrinterTable } from './printer-table.js';
import { Retention, type RetentionPolicy } from './retention.js';
import type { StoreRoom } from './store-room.js';
import { Uploads } from './uploads.js';

export interface SpoolerLimits {
  readonly maxUnfinishedJobs: number;
  readonly multipleOperationTimeoutMs: number;
  readonly keepOrphansMs: number;
}

export interface SpoolerParts
  extends Pick<JobRunParts, 'ports' | 'serverName' | 'sourceAddresses' | 'pageCount' | 'onBegin'> {
  readonly tenure: Tenure;
  readonly store: Store;
  readonly documents: Documents;
  readonly clock: Clock;
  readonly log: Log;
  readonly events: EventSink;
  readonly limits: SpoolerLimits;
  readonly retention: RetentionPolicy;
  readonly storeRoom: () => StoreRoom;
  readonly printerDefaults: Pick<PrinterRecord, 'interrupted' | 'maxAttempts'>;
  readonly devicePorts: readonly number[];
  readonly resolve: (host: string) => Promise<readonly string[]>;
  readonly newUuid: () => string;
  /** printer-state-reasons keywords that the printer's device gave last. */
  readonly deviceReasons: (printer: PrinterRecord) => readonly string[];
  /** Told when something that is being sent has ended. */
  readonly onActivity?: () => void;
  /** Told once when the node must leave its duty: it is not known what the store holds. */
  readonly onUncertain: (cause: unknown) => void;
}

export class PrintSpooler {
  readonly group: string;
  readonly printers: PrinterTable;
  readonly jobs: JobTable;
  readonly uploads: Uploads;
  readonly control: JobControl;
  readonly #parts: SpoolerParts;
  readonly #writes: GroupWrites;
  readonly #ids: JobIds;
  readonly #acceptances: Acceptances;
  readonly #dispatcher: Dispatcher;
  readonly #retention: Retention;
  readonly #localCopies: LocalCopies;
  readonly #sweep = new AbortController();
  #deadlines: JobDeadlines | undefined;
  #care: DocumentCare | undefined;
  #reclaiming: Promise<void> | undefined;

  private constructor(parts: SpoolerParts) {
    const { tenure, store, clock, log, events, documents } = parts;
    this.group = tenure.group;
    this.#parts = parts;
    const writes = new GroupWrites({ store, tenure, clock, onUncertain: parts.onUncertain });
    this.#writes = writes;
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
    this.#ids = new JobIds({ group: tenure.group, store, writes, clock });
    const { jobs, printers } = this;
    this.#localCopies = new LocalCopies({ tenure, jobs, documents });
    const runParts: JobRunParts = {
      ...parts,
      jobs,
      localCopies: this.#localCopies,
      trusted: new WeakSet(),
      doubted: new Set(),
    };
    this.#dispatcher = new Dispatcher({
      tenure,
      jobs,
      printers,
      clock,
      log,
      events,
      run: async (job, printer, control) => {
        const end = await runJob(job, printer, runParts, control);
        if (end.outcome.result === 'unreachable') this.#follow(printer.name);
        return end;
      },
      onEnd: () => parts.onActivity?.(),
    });
    this.#retention = new Retention({
      group: tenure.group,
      jobs,
      documents,
      policy: parts.retention,
      storeRoom: parts.storeRoom,
      clock,
      log,
    });
    this.#acceptances = new Acceptances({ tenure, jobs, clock, unheard: documents.unheard });
    const { ids, acceptances } = { ids: this.#ids, acceptances: this.#acceptances };
    this.uploads = new Uploads({ ...parts, ...parts.limits, jobs, printers, ids, acceptances });
    this.control = new JobControl({ jobs, printers, dispatcher: this.#dispatcher, retention: this.#retention, clock });
  }

  /** Resolves when jobs are accepted and printed: unfinished records are read then, history is not (R66). */
  static async start(parts: SpoolerParts): Promise<PrintSpooler> {
    const spooler = new PrintSpooler(parts);
    await parts.documents.openEpoch(parts.tenure.group, parts.tenure.epoch);
    await spooler.#writes.load();
    await spooler.printers.load();
    await spooler.jobs.load();
    await spooler.#recoverInterrupted();
    spooler.#deadlines = new JobDeadlines({
      jobs: spooler.jobs,
      clock: parts.clock,
      act: (job) => spooler.#act(job),
    });
    spooler.#acceptances.ask();
    spooler.#dispatcher.start();
    spooler.#retention.start();
    spooler.#lookAfterDocuments();
    spooler.#reclaiming = spooler.#reclaim();
    return spooler;
  }

  /**
   * Starts no further job; documents being sent get `cutOffAfterMs`. When it resolves everything is on record, and nothing comes after: an
   * upload that is still under way is refused, for a successor under the same tenure has read the jobs by then.
   */
  async stop(cutOffAfterMs: number): Promise<void> {
    this.#deadlines?.stop();
    this.#sweep.abort();
    await this.#dispatcher.stop(cutOffAfterMs);
    await Promise.all([this.#care?.stop(), this.#localCopies.stop()]);
    await this.#retention.stop();
    await this.#reclaiming;
    if (this.#parts.tenure.holds()) await this.#giveBackIds();
    await this.#writes.end();
    await this.jobs.settled();
  }

  async #giveBackIds(): Promise<void> {
    await this.#ids.release().catch((error: unknown) => {
      // The ids go on with a gap then.
      this.#parts.log.warn({ err: error }, 'unused job ids could not be given back');
    });
  }

  /** Starts no further job, and goes on accepting. */
  hold(): void {
    this.#dispatcher.hold();
  }

  /** Undoes `hold`. */
  resume(): void {
    this.#dispatcher.resume();
  }

  /** Cuts off the documents that are being sent; they stay due for another attempt. Resolves when nothing is sent any more. */
  cutOff(): Promise<void> {
    return this.#dispatcher.cutOffAll();
  }

  /** What is being sent to devices, in words: `job 17 on laser`. */
  sending(): readonly string[] {
    return this.#dispatcher.sending().map(({ id, printer }) => `job ${id} on ${printer}`);
  }

  get epoch(): number {
    return this.#parts.tenure.epoch;
  }

  /** Reads a job-hold-until value against the clock; `undefined` when it is not supported. */
  readHoldUntil(value: string): HoldUntil | undefined {
    return readHoldUntil(value, this.#parts.clock.wall());
  }

  async addPrinter(draft: PrinterDraft): Promise<PrinterRecord> {
    const printer = await this.printers.add(draft);
    this.#parts.events.note('printer-added', { group: this.group, printer: printer.name, text: printer.deviceUri });
    return printer;
  }

  async changePrinter(name: string, settings: PrinterSettings): Promise<PrinterRecord> {
    const printer = await this.printers.change(name, settings, () => this.#dispatcher.leaveDevice(name));
    this.#parts.events.note('printer-changed', {
      group: this.group,
      printer: name,
      text: Object.keys(settings).join(', '),
    });
    return printer;
  }

  async removePrinter(name: string): Promise<void> {
    await this.printers.remove(name, () => this.jobs.hasJobs(name));
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

  /** Jobs that clients sent again, not having heard that they were accepted, since the group came here. */
  resends(printer: string): number {
    return this.#acceptances.recognised(printer);
  }

  /** The printer's device is said to be back: its queue does not wait for the next retry. */
  retryNow(printer: string): void {
    this.#dispatcher.retryNow(printer);
  }

  /** Its name may lead elsewhere by now; nothing is sent there before the address is the group's. */
  #follow(printer: string): void {
    this.printers
      .follow(printer)
      .catch((error: unknown) => this.#parts.log.warn({ printer, err: error }, 'a device was not found again'));
  }

  #lookAfterDocuments(): void {
    const { replication } = this.#parts.documents;
    if (replication === undefined) return;
    this.#care = new DocumentCare({ ...this.#parts, jobs: this.jobs, localCopies: this.#localCopies, replication });
    this.#care.start();
  }

  async #recoverInterrupted(): Promise<void> {
    const now = this.#parts.clock.wall();
    const interrupted = [...this.jobs.allUnfinished()].filter(({ state }) => state === 'processing');
    const recover = async ({ id, printer }: JobRecord): Promise<void> => {
      const policy = this.printers.get(printer) ?? this.#parts.printerDefaults;
      await this.jobs.update(id, (job) => change.recover(job, { ...policy, now }));
    };
    // One for each device at most: together, for a takeover does not take longer with more of them.
    await Promise.all(interrupted.map(recover));
  }

  #act(id: number): void {
    const now = this.#parts.clock.wall();
    this.jobs
      .update(id, (job) => {
        if (job.openUntil !== undefined && job.openUntil <= now && this.uploads.isUnderWay(id)) return job;
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

  /**
   * Whether a copy that lies on a node may still be needed: its job's record lists it, or somebody may put it there. A no is good for ever;
   * undefined when this node does not own the group for certain any more.
   */
  async needs(job: number, copy: CopyPlace): Promise<boolean | undefined> {
    // In this order: what is in hand no more is on record by then.
    if (this.uploads.isInHand(job) || this.#localCopies.isFetching(job) || this.#care?.isCopying(job)) return true;
    const isListed = (await this.#find(job, copy)) !== undefined;
    return this.#parts.tenure.holds() ? isListed : undefined;
  }

  async #find(id: number, copy: CopyPlace): Promise<StoredDocument | undefined> {
    return listedCopy(await this.jobs.find(id), copy);
  }

  async #reclaim(): Promise<void> {
    const { documents, tenure, limits, log, events } = this.#parts;
    try {
      const counts = await documents.reclaim({
        group: this.group,
        currentEpoch: tenure.epoch,
        findDocument: (id, place) => this.#find(id, { node: tenure.node, ...place }),
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
