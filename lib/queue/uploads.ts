// The way in: from an upload's first byte to the job on record (P1). Listeners use it; so does the REST API.

import { PlatenError } from '../errors.js';
import type { StoredDocument } from '../model/document.js';
import { defaultPriority, type JobOrigin, type JobRecord } from '../model/job.js';
import type { Tenure } from '../model/ownership.js';
import type { PrinterRecord } from '../model/printer.js';
import { recordVersions } from '../model/versions.js';
import type { Clock } from '../platform/clock.js';
import type { Acceptances } from './acceptances.js';
import { admit } from './admission.js';
import type { Documents } from './documents.js';
import type { EventSink } from './events.js';
import type { Hearing } from './hearing.js';
import { mustReadHoldUntil } from './hold-until.js';
import * as change from './job-changes.js';
import type { JobIds } from './job-ids.js';
import type { JobTable } from './job-table.js';
import { mayBeOnRecord } from './on-record.js';
import type { PrinterTable } from './printer-table.js';
import type { StoreRoom } from './store-room.js';

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

/** Who sends a job. Without it no resend is recognised. */
export interface Sender {
  /** The connection. */
  readonly hearing: Hearing;
  /** Own monotonic time at which it began to send the job, or its last document. */
  readonly since: number;
}

interface Parts {
  readonly tenure: Tenure;
  readonly jobs: JobTable;
  readonly printers: PrinterTable;
  readonly ids: JobIds;
  readonly acceptances: Acceptances;
  readonly documents: Documents;
  readonly events: EventSink;
  readonly clock: Clock;
  readonly newUuid: () => string;
  readonly maxUnfinishedJobs: number;
  readonly storeRoom: () => StoreRoom;
  readonly multipleOperationTimeoutMs: number;
}

export class Uploads {
  readonly #parts: Parts;
  readonly #underWay = new Set<number>();
  /** Documents that are coming in, or are not on record yet, and their jobs. */
  readonly #inHand = new Map<object, number>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Throws the reason for which this printer takes no job of `expectedBytes` octets now. */
  async admit(printer: string, expectedBytes?: number): Promise<PrinterRecord> {
    const record = this.#parts.printers.must(printer);
    const admission = admit({
      printer: record,
      unfinishedJobs: this.#parts.jobs.unfinishedCount,
      maxUnfinishedJobs: this.#parts.maxUnfinishedJobs,
      isStoreFull: this.#parts.storeRoom().refuseNewJobs,
    });
    if (!admission.admitted) throw new PlatenError(admission.code, admission.detail);
    await this.admitDocument(expectedBytes);
    return record;
  }

  /** Throws the reason for which no document of `expectedBytes` octets is taken now, for a job that was admitted already. */
  async admitDocument(expectedBytes?: number): Promise<void> {
    if (!this.#parts.tenure.holds()) throw new PlatenError('not-owner');
    await this.#parts.documents.admit(expectedBytes);
  }

  takeJobId(): Promise<number> {
    return this.#parts.ids.take();
  }

  /** Spools one document durably. Whoever does not put it on a job's record afterwards must `discard` it. */
  async receive(
    { job, number }: { job: number; number: number },
    source: AsyncIterable<Uint8Array>,
    { name, format, expectedBytes, signal }: UploadOptions,
  ): Promise<StoredDocument> {
    const { tenure, documents } = this.#parts;
    const { group, epoch } = tenure;
    const coming = {};
    this.#inHand.set(coming, job);
    try {
      const stored = await documents.receive({ group, epoch, job, number }, source, {
        ...(expectedBytes === undefined ? {} : { expectedBytes }),
        ...(signal === undefined ? {} : { signal }),
      });
      // Records list the same holders, whatever else of the document is changed until then.
      this.#inHand.set(stored.holders, job);
      return { number, ...(name === undefined ? {} : { name }), format, ...stored };
    } finally {
      this.#inHand.delete(coming);
    }
  }

  async discard(documents: readonly StoredDocument[]): Promise<void> {
    for (const document of documents) await this.#parts.documents.remove(this.#parts.tenure.group, document);
    this.#letGo(documents);
  }

  /** True while a document of this job may still be put on record by somebody: copies of it that no record lists are not given up. */
  isInHand(job: number): boolean {
    return [...this.#inHand.values()].includes(job);
  }

  /**
   * Puts a new job on record, durably: it exists when this resolves. With `open`, it waits for more documents. Resolves with another job
   * when its client has sent that one before and did not hear of it. When this throws, the documents are gone.
   */
  async submit(
    id: number,
    draft: JobDraft,
    { documents, open, sender }: { documents: readonly StoredDocument[]; open: boolean; sender?: Sender },
  ): Promise<JobRecord> {
    try {
      // It may have been removed while the documents came in.
      this.#parts.printers.must(draft.printer);
      const record = this.#newRecord(id, draft, documents, open);
      const create = (): Promise<JobRecord> => this.#parts.jobs.create(record);
      if (open) return await create();
      const first = await this.#firstOf(record, sender);
      if (first !== undefined) {
        await this.discard(documents);
        return first;
      }
      const made = await this.#accept(record, sender, create);
      this.#letGo(documents);
      return made;
    } catch (error) {
      if (!mayBeOnRecord(error)) await this.discard(documents);
      throw error;
    }
  }

  /**
   * Adds a document to an open job and, with `last`, closes it. Where the whole job turns out to be one that its client has sent before, it
   * ends and stands for that one from then on. When this throws, the document is gone.
   */
  async addDocument(
    id: number,
    document: StoredDocument,
    { last, sender }: { last: boolean; sender?: Sender },
  ): Promise<JobRecord> {
    const longer = (job: JobRecord): JobRecord => change.addDocument(job, document, this.#openUntil());
    try {
      const { jobs } = this.#parts;
      if (!last) {
        const record = await jobs.update(id, longer);
        this.#letGo([document]);
        return record;
      }
      const record = await this.#finish(id, longer, sender);
      if (record.resendOf === undefined) this.#letGo([document]);
      else await this.discard([document]);
      return record;
    } catch (error) {
      if (!mayBeOnRecord(error)) await this.discard([document]);
      throw error;
    }
  }

  /**
   * Marks an open job as receiving a document: its time for the next one does not run meanwhile. Returns the number of the
   * document, or undefined when another one is coming in just now. Ends with `end`.
   */
  begin(job: JobRecord): number | undefined {
    if (this.#underWay.has(job.id)) return undefined;
    this.#underWay.add(job.id);
    return (job.documents.at(-1)?.number ?? 0) + 1;
  }

  end(job: number): void {
    this.#underWay.delete(job);
  }

  /** True while a document of this open job is coming in. */
  isUnderWay(job: number): boolean {
    return this.#underWay.has(job);
  }

  /** Close-Job, or an empty last Send-Document. A job without any document is aborted. */
  async close(id: number, sender?: Sender): Promise<JobRecord> {
    const { jobs, clock } = this.#parts;
    const open = jobs.unfinished(id);
    if (open?.openUntil === undefined || open.documents.length > 0) return this.#finish(id, (job) => job, sender);
    return jobs.update(id, (job) => change.abort(job, 'the job was closed without a document', clock.wall()));
  }

  /** Closes the job as `complete` makes it; the one that it stands for, if its client has sent that before. */
  async #finish(id: number, complete: (job: JobRecord) => JobRecord, sender?: Sender): Promise<JobRecord> {
    const { jobs, clock } = this.#parts;
    const open = jobs.unfinished(id);
    const whole = open?.openUntil === undefined ? undefined : complete(open);
    const first = whole && (await this.#firstOf(whole, sender));
    if (first !== undefined) {
      const ended = await jobs.update(id, (job) => change.giveWay(job, first.id, clock.wall()));
      return change.standingFor(ended, first);
    }
    const closing = (): Promise<JobRecord> =>
      jobs.update(id, (job) => change.close(complete(job), jobs.takeSequence()));
    return whole === undefined ? closing() : this.#accept(whole, sender, closing);
  }

  async #firstOf(job: JobRecord, sender: Sender | undefined): Promise<JobRecord | undefined> {
    const { printers, acceptances, tenure, events } = this.#parts;
    if (sender === undefined || printers.get(job.printer)?.resends === 'off') return undefined;
    const first = await acceptances.recognise(job, sender.since);
    if (first !== undefined)
      events.note('job-resent', {
        group: tenure.group,
        printer: job.printer,
        job: first.id,
        text: `${job.user} at ${job.origin.address}, over ${job.origin.protocol}`,
      });
    return first;
  }

  /** Puts it on record, and remembers it until its client is known to have heard. */
  async #accept(job: JobRecord, sender: Sender | undefined, commit: () => Promise<JobRecord>): Promise<JobRecord> {
    if (sender === undefined) return commit();
    const accepting = this.#parts.acceptances.begin(job);
    sender.hearing.awaits(accepting.heard);
    let isOnRecord = false;
    try {
      const record = await commit();
      isOnRecord = true;
      return record;
    } finally {
      accepting.settle(isOnRecord);
    }
  }

  #letGo(documents: readonly StoredDocument[]): void {
    for (const { holders } of documents) this.#inHand.delete(holders);
  }

  #openUntil(): number {
    return this.#parts.clock.wall() + this.#parts.multipleOperationTimeoutMs;
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
    const read = mustReadHoldUntil(holdUntil, clock.wall());
    const base: JobRecord = {
      version: recordVersions.job,
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
      ...(open ? { openUntil: this.#openUntil() } : { sequence: this.#parts.jobs.takeSequence() }),
    };
    return read.held ? change.hold(base, holdUntil, read.endsAt) : base;
  }
}
