// Every node gives back the documents that lie on it and that nobody needs, whoever owns their group (DESIGN section 6, "Reclaim").

import type { JobRecord } from '../model/job.js';
import type { OwnerRecord } from '../model/ownership.js';
import type { StoredDocument } from '../model/document.js';
import type { Clock } from '../platform/clock.js';
import type { Log } from '../platform/log.js';
import type { DocumentPlace } from '../spool/layout.js';
import type { NeedQuestion } from '../spool/peers/routes.js';
import type { ReclaimCounts, ReclaimRequest } from '../spool/reclaim.js';
import { keys } from '../store/keys.js';
import type { Store } from '../store/store.js';
import type { EventSink } from './events.js';
import { listedCopy } from './listed-copy.js';

export interface DocumentSweepParts {
  readonly node: string;
  readonly store: Store;
  readonly spool: { groups(): Promise<readonly string[]>; reclaim(request: ReclaimRequest): Promise<ReclaimCounts> };
  /** Asks the owner, which may be this node itself; undefined when that is not the owner at that epoch, or does not answer. */
  readonly isNeeded: (owner: string, question: NeedQuestion) => Promise<boolean | undefined>;
  /** Throws when the store is older than what this node has seen: nothing is reclaimed then. */
  readonly checkEpoch: (group: string, epoch: number) => void;
  readonly keepOrphansMs: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly events: EventSink;
}

const firstAfterMs = 30_000;
const everyMs = 300_000;

export class DocumentSweep {
  readonly #parts: DocumentSweepParts;
  readonly #stopping = new AbortController();
  #loop: Promise<void> | undefined;

  constructor(parts: DocumentSweepParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#loop = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
  }

  /** Sweeps all groups once; what goes wrong with one concerns no other. */
  async sweep(): Promise<void> {
    for (const group of await this.#parts.spool.groups()) {
      if (this.#stopping.signal.aborted) return;
      await this.#group(group).catch((error: unknown) => {
        if (!this.#stopping.signal.aborted)
          this.#parts.log.error({ group, err: error }, 'the spool could not be checked');
      });
    }
  }

  async #run(): Promise<void> {
    const { clock, log } = this.#parts;
    for (let pause = firstAfterMs; ; pause = everyMs) {
      await clock.sleep(pause, this.#stopping.signal);
      if (this.#stopping.signal.aborted) return;
      await this.sweep().catch((error: unknown) => log.error({ err: error }, 'the spool could not be checked'));
    }
  }

  async #group(group: string): Promise<void> {
    const { node, store, spool, isNeeded, checkEpoch, keepOrphansMs, log, events } = this.#parts;
    // Before any record: what is not on record after this was read will not be at an earlier epoch.
    const entry = await store.get(keys.owner(group));
    if (entry === undefined) return;
    const owner = entry.value as unknown as OwnerRecord;
    const { epoch } = owner;
    checkEpoch(group, epoch);
    const counts = await spool.reclaim({
      group,
      currentEpoch: epoch,
      findDocument: (job, place) => this.#find(group, job, place),
      isGivenUp: async (job, place) => (await isNeeded(owner.node, { group, epoch, job, node, copy: place })) === false,
      keepOrphansMs,
      signal: this.#stopping.signal,
    });
    log.debug({ group, ...counts }, 'spool checked');
    if (counts.quarantined > 0) events.note('spool-quarantined', { group, text: `${counts.quarantined} files` });
  }

  async #find(group: string, id: number, place: DocumentPlace): Promise<StoredDocument | undefined> {
    return listedCopy(await this.#job(group, id), { node: this.#parts.node, ...place });
  }

  /** A job that is restarted between the first two looks is found by the third. */
  async #job(group: string, id: number): Promise<JobRecord | undefined> {
    const { store } = this.#parts;
    const entry =
      (await store.get(keys.job(group, id))) ??
      (await store.get(keys.doneJob(group, id))) ??
      (await store.get(keys.job(group, id)));
    return entry?.value as unknown as JobRecord | undefined;
  }
}
