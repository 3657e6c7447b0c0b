// The latest changes, kept in memory for watchers: one item per revision, bounded by number and by octets.

import type { Json, WatchEvent } from '../store.js';

/** A change as it was written; `text` is the value's JSON, absent for a deletion. */
export interface WrittenChange {
  readonly key: string;
  readonly text?: string;
}

export interface HistoryOptions {
  /** The store's revision when it was opened: nothing up to it is known. */
  readonly revision: number;
  /** Changes to keep. */
  readonly maxChanges: number;
  readonly maxBytes: number;
}

/** Cost of one change beside its text, roughly. */
const overhead = 200;
/** Dropped items are cut off the array when there are this many, so that dropping costs little. */
const slack = 1_000;

const bytesOf = (changes: readonly WrittenChange[]): number =>
  changes.reduce((sum, { key, text }) => sum + overhead + 2 * (key.length + (text?.length ?? 0)), 0);

export class History {
  readonly #maxChanges: number;
  readonly #maxBytes: number;
  /** Item i belongs to revision #base + i; those before #head are dropped. */
  #items: (readonly WrittenChange[])[] = [];
  #base: number;
  #head = 0;
  #changes = 0;
  #bytes = 0;

  constructor({ revision, maxChanges, maxBytes }: HistoryOptions) {
    this.#base = revision + 1;
    this.#maxChanges = maxChanges;
    this.#maxBytes = maxBytes;
  }

  /** The oldest revision still kept, or the next one when nothing is. */
  get first(): number {
    return this.#base + this.#head;
  }

  /** The latest revision. */
  get last(): number {
    return this.#base + this.#items.length - 1;
  }

  /** Adds the changes of revision `last + 1`. */
  add(changes: readonly WrittenChange[]): void {
    this.#items.push(changes);
    this.#changes += changes.length;
    this.#bytes += bytesOf(changes);
    while ((this.#changes > this.#maxChanges || this.#bytes > this.#maxBytes) && this.first < this.last) this.#drop();
  }

  #drop(): void {
    const oldest = this.#items[this.#head] ?? [];
    this.#changes -= oldest.length;
    this.#bytes -= bytesOf(oldest);
    this.#items[this.#head] = [];
    this.#head += 1;
    if (this.#head < slack) return;
    this.#items = this.#items.slice(this.#head);
    this.#base += this.#head;
    this.#head = 0;
  }

  /** Events of one kept revision for keys that start with `prefix`. */
  events(revision: number, prefix: string): WatchEvent[] {
    const changes = this.#items[revision - this.#base] ?? [];
    return changes
      .filter(({ key }) => key.startsWith(prefix))
      .map(({ key, text }) =>
        text === undefined
          ? { kind: 'delete', key, revision }
          : { kind: 'put', entry: { key, value: JSON.parse(text) as Json, revision } },
      );
  }
}
