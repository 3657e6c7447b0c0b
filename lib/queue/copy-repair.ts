// Makes copies of documents again that lie on too few live nodes, and reads all copies through now and then (R8, R18).

import type { StoredDocument } from '../model/document.js';
import type { JobRecord } from '../model/job.js';
import type { Tenure } from '../model/ownership.js';
import type { Clock } from '../platform/clock.js';
import type { Documents, Replication } from './documents.js';
import * as change from './job-changes.js';
import type { JobTable } from './job-table.js';
import type { LocalCopies } from './local-copies.js';
import { mayBeOnRecord } from './on-record.js';

interface Parts {
  readonly tenure: Tenure;
  readonly jobs: JobTable;
  readonly documents: Documents;
  readonly replication: Replication;
  readonly localCopies: LocalCopies;
  readonly clock: Clock;
}

export class CopyRepair {
  readonly #parts: Parts;
  /** Jobs with a document that nodes were lost of, and since when. */
  readonly #lostSince = new Map<number, number>();
  readonly #copying = new Set<number>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** True when copies are to be made now. A node that is lost may be back soon: its copies are made again after a while only. */
  concerns(job: JobRecord): boolean {
    const { tenure, replication, clock } = this.#parts;
    const lacks = job.documents.map((document) => replication.lacks(tenure.group, document));
    if (lacks.every((lack) => lack === 'nothing')) {
      this.#lostSince.delete(job.id);
      return false;
    }
    if (job.state === 'processing' || !this.#parts.localCopies.areHere(job)) return false;
    if (lacks.includes('never-made')) return true;
    const since = this.#lostSince.get(job.id) ?? clock.monotonic();
    this.#lostSince.set(job.id, since);
    return clock.monotonic() - since >= replication.carePolicy.repairAfterMs;
  }

  /** Forgets jobs that are done. */
  forgetAllBut(isKnown: (job: number) => boolean): void {
    for (const job of this.#lostSince.keys()) if (!isKnown(job)) this.#lostSince.delete(job);
  }

  /** True while a copy for this job may be put on record by us. */
  isCopying(job: number): boolean {
    return this.#copying.has(job);
  }

  async repair(job: JobRecord, signal: AbortSignal): Promise<void> {
    const { tenure, replication } = this.#parts;
    const { group, epoch } = tenure;
    this.#copying.add(job.id);
    try {
      for (const document of job.documents) {
        const key = { group, epoch, job: job.id, number: document.number };
        await this.#relist(job, document, await replication.replicate(key, document, signal));
      }
    } finally {
      this.#copying.delete(job.id);
    }
  }

  /** Reads every copy through, wherever it is. A bad one is replaced here at once, elsewhere by the next repair. */
  async scrub(job: JobRecord, signal: AbortSignal): Promise<void> {
    const { tenure, documents, replication, localCopies } = this.#parts;
    for (const document of job.documents) {
      const scrubbed = await replication.scrub(tenure.group, document, signal);
      if (scrubbed === document) continue;
      const isBadHere = documents.isHere(document) && !documents.isHere(scrubbed);
      if (!isBadHere) await this.#relist(job, document, scrubbed);
      else if (Object.keys(scrubbed.holders).length > 0) await localCopies.replace(job, document);
    }
  }

  async #relist({ id }: JobRecord, before: StoredDocument, after: StoredDocument): Promise<void> {
    if (after === before) return;
    const { tenure, jobs, replication } = this.#parts;
    let mayBeListed = false;
    try {
      await jobs.update(id, (current) => {
        const listed = current.documents.find(({ number }) => number === before.number);
        // What is being sent, or was changed meanwhile, is looked at again later.
        if (current.state === 'processing' || listed?.holders !== before.holders) return current;
        mayBeListed = true;
        return change.relist(current, before, after.holders);
      });
    } catch (error) {
      mayBeListed = mayBeOnRecord(error);
      throw error;
    } finally {
      if (!mayBeListed) await replication.forget(tenure.group, before, after);
    }
  }
}
