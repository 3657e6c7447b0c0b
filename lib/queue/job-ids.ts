// Job ids, taken from the store in blocks: never used twice, whoever owns the group (R11).

import { PlatenError } from '../errors.js';
import type { Tenure } from '../model/ownership.js';
import type { Clock } from '../platform/clock.js';
import { keys } from '../store/keys.js';
import type { Store } from '../store/store.js';

const smallestBlock = 16;
const largestBlock = 4096;
/** A block that lasted less than this is followed by one of twice its size. */
const quickMs = 5_000;

const nextOf = (value: unknown): number => {
  const next = (value as { next?: unknown } | undefined)?.next;
  return typeof next === 'number' ? next : 1;
};

export class JobIds {
  readonly #store: Store;
  readonly #tenure: Tenure;
  readonly #clock: Clock;
  #next = 0;
  #end = 0;
  #size = smallestBlock;
  #takenAt = Number.NEGATIVE_INFINITY;
  #taking: Promise<void> | undefined;

  constructor({ store, tenure, clock }: { store: Store; tenure: Tenure; clock: Clock }) {
    this.#store = store;
    this.#tenure = tenure;
    this.#clock = clock;
  }

  /** A job id of 1 or more that no job of this group ever had. */
  async take(): Promise<number> {
    while (this.#next >= this.#end) {
      this.#taking ??= this.#takeBlock().finally(() => {
        this.#taking = undefined;
      });
      await this.#taking;
    }
    return this.#next++;
  }

  /** Gives back what is left of the block, so that ids go on without a gap after an orderly stop. */
  async release(): Promise<void> {
    if (this.#next >= this.#end) return;
    const key = keys.jobIds(this.#tenure.group);
    const entry = await this.#store.get(key);
    if (entry === undefined || nextOf(entry.value) !== this.#end) return;
    const next = this.#next;
    this.#next = this.#end;
    await this.#put(entry.revision, next);
  }

  async #takeBlock(): Promise<void> {
    const now = this.#clock.monotonic();
    this.#size = now - this.#takenAt < quickMs ? Math.min(largestBlock, this.#size * 2) : smallestBlock;
    const entry = await this.#store.get(keys.jobIds(this.#tenure.group));
    const first = nextOf(entry?.value);
    await this.#put(entry?.revision ?? 0, first + this.#size);
    this.#next = first;
    this.#end = first + this.#size;
    this.#takenAt = now;
  }

  async #put(revision: number, next: number): Promise<void> {
    const { group } = this.#tenure;
    const result = await this.#store.txn(
      [
        { key: keys.owner(group), revision: this.#tenure.revision },
        { key: keys.jobIds(group), revision },
      ],
      [{ put: keys.jobIds(group), value: { version: 1, next } }],
    );
    if (result.outcome === 'conflict') throw new PlatenError('not-owner');
    if (result.outcome === 'unknown')
      throw new PlatenError('store-outcome-unknown', undefined, { cause: result.cause });
  }
}
