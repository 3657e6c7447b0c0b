// Job ids, taken from the store in blocks: never used twice, whoever owns the group (R11).

import { PlatenError } from '../errors.js';
import { recordVersions, tooNew } from '../model/versions.js';
import type { Clock } from '../platform/clock.js';
import { keys } from '../store/keys.js';
import type { Entry, Json, Store } from '../store/store.js';
import type { GroupWrites } from './group-writes.js';

const smallestBlock = 16;
const largestBlock = 4096;
/** A block that lasted less than this is followed by one of twice its size. */
const quickMs = 5_000;

const nextOf = (value: unknown): number => {
  const next = (value as { next?: unknown } | undefined)?.next;
  return typeof next === 'number' ? next : 1;
};

export class JobIds {
  readonly #key: string;
  readonly #store: Store;
  readonly #writes: GroupWrites;
  readonly #clock: Clock;
  #next = 0;
  #end = 0;
  #size = smallestBlock;
  #takenAt = Number.NEGATIVE_INFINITY;
  #taking: Promise<void> | undefined;

  constructor({ group, store, writes, clock }: { group: string; store: Store; writes: GroupWrites; clock: Clock }) {
    this.#key = keys.jobIds(group);
    this.#store = store;
    this.#writes = writes;
    this.#clock = clock;
  }

  /** A job id of 1 or more that no job of this group ever had. Throws as GroupWrites.commit does. */
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
    const entry = await this.#store.get(this.#key);
    if (entry === undefined || nextOf(entry.value) !== this.#end) return;
    const next = this.#next;
    this.#next = this.#end;
    await this.#put(entry, next);
  }

  async #takeBlock(): Promise<void> {
    const now = this.#clock.monotonic();
    this.#size = now - this.#takenAt < quickMs ? Math.min(largestBlock, this.#size * 2) : smallestBlock;
    const entry = await this.#store.get(this.#key);
    const first = nextOf(entry?.value);
    await this.#put(entry, first + this.#size);
    this.#next = first;
    this.#end = first + this.#size;
    this.#takenAt = now;
  }

  async #put(before: Entry | undefined, next: number): Promise<void> {
    const fault = tooNew('job-ids', before?.value, this.#key);
    if (fault !== undefined) throw new PlatenError('record-too-new', fault);
    const kept = (before?.value ?? {}) as Readonly<Record<string, Json>>;
    const made = await this.#writes.commit(
      [{ key: this.#key, revision: before?.revision ?? 0 }],
      [{ put: this.#key, value: { ...kept, version: recordVersions['job-ids'], next } }],
    );
    if (made === undefined) throw new PlatenError('not-owner', 'job ids were taken by somebody else just now');
  }
}
