// A store that says "committed" of a new job before it is: the mistake that every test of durability must catch.

import { setTimeout as pause } from 'node:timers/promises';
import { keys } from '../../lib/store/keys.js';
import type {
  Change,
  Compare,
  Entry,
  Range,
  RangeOptions,
  Store,
  TxnResult,
  WatchEvent,
} from '../../lib/store/store.js';

const lateMs = 1_000;
const jobKeys = keys.jobs('print');

export class EarlyStore implements Store {
  readonly #store: Store;
  /** Revisions that were promised (below zero) → those that the store then gave. */
  readonly #promised = new Map<number, Promise<number>>();

  constructor(store: Store) {
    this.#store = store;
  }

  async txn(compares: readonly Compare[], changes: readonly Change[]): Promise<TxnResult> {
    const isNewJob = compares.some(({ key, revision }) => key.startsWith(jobKeys) && revision === 0);
    if (!isNewJob) return this.#store.txn(await this.#real(compares), changes);
    const revision = -1 - this.#promised.size;
    this.#promised.set(revision, this.#later(compares, changes));
    return { outcome: 'committed', revision };
  }

  async #later(compares: readonly Compare[], changes: readonly Change[]): Promise<number> {
    await pause(lateMs);
    const result = await this.#store.txn(compares, changes);
    return result.outcome === 'committed' ? result.revision : 0;
  }

  #real(compares: readonly Compare[]): Promise<Compare[]> {
    return Promise.all(
      compares.map(async ({ key, revision }) => ({ key, revision: (await this.#promised.get(revision)) ?? revision })),
    );
  }

  get(key: string): Promise<Entry | undefined> {
    return this.#store.get(key);
  }

  range(prefix: string, options?: RangeOptions): Promise<Range> {
    return this.#store.range(prefix, options);
  }

  watch(prefix: string, fromRevision: number, signal: AbortSignal): AsyncIterable<readonly WatchEvent[]> {
    return this.#store.watch(prefix, fromRevision, signal);
  }

  close(): Promise<void> {
    return this.#store.close();
  }
}
