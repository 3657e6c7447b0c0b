// A job of which a document is missing here: the document is fetched; if no live node has it the job is held, and goes on when one does (R16).

import { PlatenError } from '../errors.js';
import type { StoredDocument } from '../model/document.js';
import type { JobRecord } from '../model/job.js';
import type { Tenure } from '../model/ownership.js';
import type { Documents } from './documents.js';
import type { EventSink } from './events.js';
import * as change from './job-changes.js';
import type { JobTable } from './job-table.js';
import type { LocalCopies } from './local-copies.js';

interface Parts {
  readonly tenure: Tenure;
  readonly jobs: JobTable;
  readonly documents: Documents;
  readonly localCopies: LocalCopies;
  readonly events: EventSink;
}

const isDamaged = (error: unknown): error is PlatenError =>
  error instanceof PlatenError && error.code === 'document-damaged';

export const isHeldForDocument = (job: JobRecord): boolean => job.hold?.by === 'document';

export class MissingDocuments {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** True when something is to be done about this job. */
  concerns(job: JobRecord): boolean {
    return job.state !== 'processing' && (isHeldForDocument(job) || !this.#parts.localCopies.areHere(job));
  }

  async tend(job: JobRecord): Promise<void> {
    const { jobs, localCopies } = this.#parts;
    try {
      const whole = await localCopies.bring(job);
      // What was held may have been damaged here, not missing.
      if (isHeldForDocument(job)) for (const document of whole.documents) await this.#mend(whole, document);
    } catch (error) {
      if (!isDamaged(error)) throw error;
      return this.#hold(job, error.message);
    }
    if (!isHeldForDocument(job)) return;
    await jobs.update(job.id, (current) => (isHeldForDocument(current) ? change.release(current) : current));
  }

  async #hold(job: JobRecord, because: string): Promise<void> {
    const { jobs, events } = this.#parts;
    const { id, printer } = job;
    const held = await jobs.update(id, (current) => {
      if (current.state === 'processing' || (current.hold !== undefined && !isHeldForDocument(current))) return current;
      return isHeldForDocument(current) && current.message === because
        ? current
        : change.holdForDocument(current, because);
    });
    if (isHeldForDocument(held) && !isHeldForDocument(job))
      events.note('document-damaged', { job: id, printer, text: because });
  }

  /** Throws `document-damaged` when the copy here is bad and no other can be had. */
  async #mend(job: JobRecord, document: StoredDocument): Promise<void> {
    const { documents, tenure, localCopies } = this.#parts;
    try {
      for await (const _ of documents.read(tenure.group, document));
    } catch (error) {
      if (!isDamaged(error)) throw error;
      await localCopies.replace(job, document);
    }
  }
}
