// Brings the documents of a job to this node, verified, before they are needed (DESIGN section 6, R8, R16).

import type { StoredDocument } from '../model/document.js';
import type { JobRecord } from '../model/job.js';
import type { Tenure } from '../model/ownership.js';
import type { Documents } from './documents.js';
import * as change from './job-changes.js';
import type { JobTable } from './job-table.js';
import { mayBeOnRecord } from './on-record.js';

interface Parts {
  readonly tenure: Tenure;
  readonly jobs: JobTable;
  readonly documents: Documents;
}

export class LocalCopies {
  readonly #parts: Parts;
  readonly #stopping = new AbortController();
  /** Documents that are being fetched, by job and number: whoever needs one meanwhile waits for the same copy. */
  readonly #fetching = new Map<string, Promise<JobRecord | undefined>>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** True while a copy for this job may be put on record by us. */
  isFetching(job: number): boolean {
    return [...this.#fetching.keys()].some((key) => key.startsWith(`${job}.`));
  }

  areHere(job: JobRecord): boolean {
    return job.documents.every((document) => this.#parts.documents.isHere(document));
  }

  /** Resolves with the job's record when all its documents are on this node. Throws `document-damaged` when one cannot be had now. */
  async bring(job: JobRecord): Promise<JobRecord> {
    let record = job;
    for (const document of job.documents)
      if (!this.#parts.documents.isHere(document)) record = (await this.#fetch(record, document)) ?? record;
    return record;
  }

  /** Gets another copy in place of the one here, which is bad. Throws as `bring` does, always on a node that is alone. */
  async replace(job: JobRecord, document: StoredDocument): Promise<JobRecord> {
    return (await this.#fetch(job, document)) ?? job;
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.allSettled(this.#fetching.values());
  }

  #fetch(job: JobRecord, document: StoredDocument): Promise<JobRecord | undefined> {
    const key = `${job.id}.${document.number}`;
    const known = this.#fetching.get(key);
    if (known !== undefined) return known;
    const fetching = this.#fetchAnew(job, document).finally(() => this.#fetching.delete(key));
    this.#fetching.set(key, fetching);
    return fetching;
  }

  async #fetchAnew({ id }: JobRecord, document: StoredDocument): Promise<JobRecord | undefined> {
    const { tenure, jobs, documents } = this.#parts;
    const { replication } = documents;
    if (replication === undefined) {
      // Says what is wrong with the copy here, or that there is none.
      for await (const _ of documents.read(tenure.group, document));
      return undefined;
    }
    const { group, epoch } = tenure;
    const { number } = document;
    const fetched = await replication.fetch({ group, epoch, job: id, number }, document, this.#stopping.signal);
    let isListed = false;
    try {
      const record = await jobs.update(id, (current) => {
        // What is being sent is not changed under its feet.
        if (current.state === 'processing') return current;
        const listed = current.documents.find(({ number }) => number === document.number);
        const name = fetched.holders[tenure.node];
        if (listed === undefined || name === undefined) return current;
        isListed = true;
        return change.relist(current, listed, { ...listed.holders, [tenure.node]: name });
      });
      if (isListed) return record;
    } catch (error) {
      if (!mayBeOnRecord(error)) await replication.forget(group, document, fetched);
      throw error;
    }
    await replication.forget(group, document, fetched);
    return undefined;
  }
}
