// Transactions that wait together are committed together: one sync of the disk serves them all. One commit runs at a time.

import { PlatenError } from '../../errors.js';
import type { TxnResult } from '../store.js';
import type { DraftTxn } from './draft.js';
import { Draft } from './draft.js';
import type { History } from './history.js';
import type { StoredEntry, StoreFile } from './tables.js';

export interface PendingTxn extends DraftTxn {
  /** Octets of the values, roughly. */
  readonly size: number;
  readonly resolve: (result: TxnResult) => void;
  readonly reject: (error: unknown) => void;
}

export interface GroupCommitOptions {
  readonly tables: StoreFile;
  readonly history: History;
  /** The entry as the last commit left it. */
  readonly read: (octets: Buffer) => StoredEntry | undefined;
  /** The commits up to here are on disk: reads may see them. */
  readonly onCommitted: () => void;
  /** A commit failed: nothing is known of the disk any more. */
  readonly onFailed: (cause: unknown) => void;
}

/** Checking a batch holds the event loop; these keep that short. */
const maxBatchChanges = 1_000;
const maxBatchBytes = 4 << 20;

export class GroupCommit {
  readonly #options: GroupCommitOptions;
  #pending: PendingTxn[] = [];
  #running: Promise<void> | undefined;
  #failure: PlatenError | undefined;

  constructor(options: GroupCommitOptions) {
    this.#options = options;
  }

  submit(txn: PendingTxn): void {
    if (this.#failure !== undefined) return txn.reject(this.#failure);
    this.#pending.push(txn);
    this.#running ??= this.#run();
  }

  /** Resolves when everything submitted is settled. */
  async idle(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    // Callers of the same turn of the event loop get into the first batch together.
    await Promise.resolve();
    while (this.#pending.length > 0) await this.#commitOne(this.#nextBatch());
    this.#running = undefined;
  }

  #nextBatch(): PendingTxn[] {
    let changes = 0;
    let bytes = 0;
    let count = 0;
    for (const txn of this.#pending) {
      changes += txn.changes.length;
      bytes += txn.size;
      if (count > 0 && (changes > maxBatchChanges || bytes > maxBatchBytes)) break;
      count += 1;
    }
    return this.#pending.splice(0, count);
  }

  async #commitOne(batch: readonly PendingTxn[]): Promise<void> {
    const { tables, history } = this.#options;
    const draft = new Draft(this.#options.read, history.last);
    let results: TxnResult[];
    try {
      results = batch.map((txn) => draft.apply(txn));
      if (draft.revision > history.last) await tables.write(draft.stored(), draft.revision);
    } catch (cause) {
      this.#fail(batch, cause);
      return;
    }
    for (const changes of draft.written) history.add(changes);
    this.#options.onCommitted();
    batch.forEach((txn, index) => txn.resolve(results[index] ?? { outcome: 'conflict' }));
  }

  #fail(batch: readonly PendingTxn[], cause: unknown): void {
    this.#failure = new PlatenError('store-unreachable', 'the store could not be written', { cause });
    this.#options.onFailed(cause);
    for (const txn of batch) txn.resolve({ outcome: 'unknown', cause });
    for (const txn of this.#pending.splice(0)) txn.reject(this.#failure);
  }
}
