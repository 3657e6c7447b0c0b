// Every write to a group's jobs and printers goes through here: it compares the ownership record that made us owner (DESIGN section 4).
// A write whose outcome is unknown is settled by the same write once more: its comparisons let only one of the two through (section 6).

import { isDeepStrictEqual } from 'node:util';
import { PlatenError } from '../errors.js';
import type { Tenure } from '../model/ownership.js';
import type { Clock } from '../platform/clock.js';
import { Formats } from './formats.js';
import { keys } from '../store/keys.js';
import type { Change, Compare, Store } from '../store/store.js';

interface Parts {
  readonly store: Store;
  readonly tenure: Tenure;
  readonly clock: Clock;
  /** Told when it stays unknown whether a write was made although we own the group: the node must then leave its duty. */
  readonly onUncertain: (cause: unknown) => void;
}

const pauseMs = 100;
/** A store that settles nothing for so long, while renewals reach it, is not to be relied on. */
const settleForMs = 10_000;

/** `revision` is undefined for a lost comparison. */
interface Settled {
  readonly revision: number | undefined;
}

export class GroupWrites {
  readonly #parts: Parts;
  readonly #underWay = new Set<Promise<unknown>>();
  readonly #formats: Formats;
  #isOver = false;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#formats = new Formats({ group: parts.tenure.group, store: parts.store });
  }

  /** To be called before anything is read or written. Throws `record-too-new` when the group is for newer nodes only. */
  load(): Promise<void> {
    return this.#formats.load();
  }

  /**
   * Resolves with the new revision when the changes are durable. `undefined`: a comparison was lost although we still own the group.
   * Throws `not-owner` and `store-unreachable` when nothing was written, `store-outcome-unknown` when that cannot be found out any more.
   */
  async commit(compares: readonly Compare[], changes: readonly Change[]): Promise<number | undefined> {
    if (this.#isOver || !this.#parts.tenure.holds()) throw new PlatenError('not-owner');
    const writing = this.#formats.isNews(changes) ? this.#covered(compares, changes) : this.#write(compares, changes);
    this.#underWay.add(writing);
    try {
      return await writing;
    } finally {
      this.#underWay.delete(writing);
    }
  }

  /**
   * Nothing more is begun; resolves when nothing is under way. Under the same tenure somebody else may read and write the group from then on:
   * the comparison with the owner would not keep the two apart.
   */
  async end(): Promise<void> {
    this.#isOver = true;
    await Promise.allSettled(this.#underWay);
  }

  /** First it is on record that the group has such records. */
  async #covered(compares: readonly Compare[], changes: readonly Change[]): Promise<number | undefined> {
    await this.#formats.cover(changes, (...marking) => this.#write(...marking));
    return this.#write(compares, changes);
  }

  async #write(compares: readonly Compare[], changes: readonly Change[]): Promise<number | undefined> {
    const { store, tenure } = this.#parts;
    const owner: Compare = { key: keys.owner(tenure.group), revision: tenure.revision };
    const all = [owner, ...compares];
    const result = await store.txn(all, changes);
    switch (result.outcome) {
      case 'committed':
        return result.revision;
      case 'conflict':
        if (!(await this.#isOwner())) throw new PlatenError('not-owner');
        return undefined;
      case 'unknown':
        return this.#settle(all, changes, result.cause);
      default:
        return result satisfies never;
    }
  }

  async #settle(compares: readonly Compare[], changes: readonly Change[], cause: unknown): Promise<number | undefined> {
    const { tenure, clock, onUncertain } = this.#parts;
    const unknown = (): PlatenError => new PlatenError('store-outcome-unknown', undefined, { cause });
    for (const until = clock.monotonic() + settleForMs; tenure.holds(); await clock.sleep(pauseMs)) {
      if (clock.monotonic() >= until) {
        onUncertain(cause);
        break;
      }
      const settled = await this.#again(compares, changes).catch((error: unknown) => {
        if (error instanceof PlatenError && error.code === 'store-unreachable') return undefined;
        throw error;
      });
      if (settled === 'deposed') break;
      if (settled !== undefined) return settled.revision;
    }
    throw unknown();
  }

  /** The same write again; undefined when its outcome is unknown, too. */
  async #again(compares: readonly Compare[], changes: readonly Change[]): Promise<Settled | 'deposed' | undefined> {
    const result = await this.#parts.store.txn(compares, changes);
    if (result.outcome === 'committed') return { revision: result.revision };
    if (result.outcome === 'unknown') return undefined;
    // Whoever owns the group now has read what was written before, or made it impossible.
    if (!(await this.#isOwner())) return 'deposed';
    return { revision: await this.#revisionOf(changes) };
  }

  async #isOwner(): Promise<boolean> {
    const { store, tenure } = this.#parts;
    return (await store.get(keys.owner(tenure.group)))?.revision === tenure.revision;
  }

  /** The revision at which the store has exactly these changes, made by the first of two equal writes; else undefined. */
  async #revisionOf(changes: readonly Change[]): Promise<number | undefined> {
    let revision = this.#parts.tenure.revision;
    for (const change of changes) {
      const found = await this.#parts.store.get('put' in change ? change.put : change.delete);
      if ('delete' in change ? found !== undefined : !isDeepStrictEqual(found?.value, asStored(change.value)))
        return undefined;
      revision = Math.max(revision, found?.revision ?? 0);
    }
    return revision;
  }
}

/** Stores keep JSON: what is undefined is not there. */
const asStored = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
