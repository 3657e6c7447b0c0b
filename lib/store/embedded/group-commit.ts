// Transactions that wait together are committed together: one sync of the disk serves them all. One commit runs at a time.

import { PlatenError } from '../../errors.js';
import type { Compare, TxnResult } from '../store.js';
import type { History, WrittenChange } from './history.js';
import type { Tables } from './tables.js';

export interface PendingChange extends WrittenChange {
  readonly octets: Buffer;
}

export interface PendingTxn {
  readonly compares: readonly { readonly octets: Buffer; readonly revision: Compare['revision'] }[];
  readonly changes: readonly PendingChange[];
  /** Octets of the values, roughly. */
  readonly size: number;
  readonly resolve: (result: TxnResult) => void;
  readonly reject: (error: unknown) => void;
}

export interface GroupCommitOptions {
  readonly tables: Tables;
  readonly history: History;
  /** The commits up to here are on disk: reads may see them. */
  readonly onCommitted: () => void;
  /** A commit failed: nothing is known of the disk any more. */
  readonly onFailed: (cause: unknown) => void;
}

/** One commit holds the event loop while its transactions are checked and written; these keep that short. */
const maxBatchChanges = 500;
const maxBatchBytes = 1 << 20;

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
    let results: TxnResult[] = [];
    let written: (readonly WrittenChange[])[] = [];
    try {
      await tables.commit(() => {
        written = [];
        results = batch.map((txn) => this.#apply(txn, written));
        if (written.length > 0) tables.writeRevision(history.last + written.length);
      });
    } catch (cause) {
      this.#fail(batch, cause);
      return;
    }
    for (const changes of written) history.add(changes);
    this.#options.onCommitted();
    batch.forEach((txn, index) => txn.resolve(results[index] ?? { outcome: 'conflict' }));
  }

  /** Checks first, then writes: a transaction that loses its comparison has written nothing. */
  #apply(txn: PendingTxn, written: (readonly WrittenChange[])[]): TxnResult {
    const { tables, history } = this.#options;
    const before = history.last + written.length;
    for (const { octets, revision } of txn.compares)
      if ((tables.get(octets)?.revision ?? 0) !== revision) return { outcome: 'conflict' };
    // Deleting what is not there is no change.
    const effective = txn.changes.filter(({ octets, text }) => text !== undefined || tables.get(octets) !== undefined);
    if (effective.length === 0) return { outcome: 'committed', revision: before };
    const revision = before + 1;
    for (const { octets, text } of effective)
      if (text === undefined) tables.remove(octets);
      else tables.put(octets, { revision, text });
    written.push(effective);
    return { outcome: 'committed', revision };
  }

  #fail(batch: readonly PendingTxn[], cause: unknown): void {
    this.#failure = new PlatenError('store-unreachable', 'the store could not be written', { cause });
    this.#options.onFailed(cause);
    for (const txn of batch) txn.resolve({ outcome: 'unknown', cause });
    for (const txn of this.#pending.splice(0)) txn.reject(this.#failure);
  }
}
