// What a batch of transactions will write, worked out before anything is written: each sees what those before it in the batch did.

import type { Compare, TxnResult } from '../store.js';
import type { WrittenChange } from './history.js';
import type { StoredChange, StoredEntry } from './tables.js';

export interface DraftChange extends WrittenChange {
  readonly octets: Buffer;
}

export interface DraftTxn {
  readonly compares: readonly (Compare & { readonly octets: Buffer })[];
  readonly changes: readonly DraftChange[];
}

export class Draft {
  readonly #read: (octets: Buffer) => StoredEntry | undefined;
  /** The latest change of each key. */
  readonly #changed = new Map<string, StoredChange>();
  /** The changes of each revision that the batch adds, in order. */
  readonly written: (readonly WrittenChange[])[] = [];
  #revision: number;

  constructor(read: (octets: Buffer) => StoredEntry | undefined, revision: number) {
    this.#read = read;
    this.#revision = revision;
  }

  /** The store's revision after the batch. */
  get revision(): number {
    return this.#revision;
  }

  apply({ compares, changes }: DraftTxn): TxnResult {
    for (const { key, octets, revision } of compares)
      if ((this.#entry(key, octets)?.revision ?? 0) !== revision) return { outcome: 'conflict' };
    // Deleting what is not there is no change.
    const effective = changes.filter(
      ({ key, octets, text }) => text !== undefined || this.#entry(key, octets) !== undefined,
    );
    if (effective.length > 0) {
      this.#revision += 1;
      for (const { key, octets, text } of effective)
        this.#changed.set(key, text === undefined ? { octets } : { octets, entry: { revision: this.#revision, text } });
      this.written.push(effective);
    }
    return { outcome: 'committed', revision: this.#revision };
  }

  /** What is to be written: one change per key. */
  stored(): StoredChange[] {
    return [...this.#changed.values()];
  }

  #entry(key: string, octets: Buffer): StoredEntry | undefined {
    const changed = this.#changed.get(key);
    return changed === undefined ? this.#read(octets) : changed.entry;
  }
}
