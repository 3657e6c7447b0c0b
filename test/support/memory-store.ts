// A store in memory with compare-and-swap, for simulations: answers within the same turn, watchers are told in order.

import { PlatenError } from '../../lib/errors.js';
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

export class MemoryStore implements Store {
  readonly #entries = new Map<string, Entry>();
  #history: { readonly revision: number; readonly events: readonly WatchEvent[] }[] = [];
  #revision = 0;
  #compacted = 0;
  readonly #waiting = new Set<() => void>();

  entry(key: string): Entry | undefined {
    return this.#entries.get(key);
  }

  get revision(): number {
    return this.#revision;
  }

  /** Entries that were put after this revision, in order. */
  since(revision: number): Entry[] {
    return [...this.#entries.values()]
      .filter((entry) => entry.revision > revision)
      .toSorted((a, b) => a.revision - b.revision);
  }

  get(key: string): Promise<Entry | undefined> {
    return Promise.resolve(this.#entries.get(key));
  }

  range(prefix: string, { limit = 1_000, from, order = 'ascending' }: RangeOptions = {}): Promise<Range> {
    const isUp = order === 'ascending';
    const all = [...this.#entries.values()]
      .filter(({ key }) => key.startsWith(prefix) && (from === undefined || (isUp ? key >= from : key <= from)))
      .sort((a, b) => (a.key < b.key === isUp ? -1 : 1));
    return Promise.resolve({ entries: all.slice(0, limit), revision: this.#revision, more: all.length > limit });
  }

  txn(compares: readonly Compare[], changes: readonly Change[]): Promise<TxnResult> {
    return Promise.resolve(this.commit(compares, changes));
  }

  commit(compares: readonly Compare[], changes: readonly Change[]): TxnResult {
    if (compares.some(({ key, revision }) => (this.#entries.get(key)?.revision ?? 0) !== revision))
      return { outcome: 'conflict' };
    this.#revision += 1;
    const revision = this.#revision;
    const events = changes.map((change): WatchEvent => {
      if ('delete' in change) {
        this.#entries.delete(change.delete);
        return { kind: 'delete', key: change.delete, revision };
      }
      const entry = { key: change.put, value: change.value, revision };
      this.#entries.set(change.put, entry);
      return { kind: 'put', entry };
    });
    this.#history.push({ revision, events });
    for (const wake of this.#waiting) wake();
    return { outcome: 'committed', revision };
  }

  /** Forgets what watchers have not read yet. */
  compact(): void {
    this.#history = [];
    this.#compacted = this.#revision;
  }

  async *watch(prefix: string, fromRevision: number, signal: AbortSignal): AsyncGenerator<readonly WatchEvent[]> {
    let next = fromRevision;
    while (!signal.aborted) {
      if (next <= this.#compacted) throw new PlatenError('store-compacted');
      const item = this.#history[next - this.#compacted - 1];
      if (item === undefined) {
        await this.#changed(signal);
        continue;
      }
      next += 1;
      const events = item.events.filter((event) =>
        (event.kind === 'put' ? event.entry.key : event.key).startsWith(prefix),
      );
      if (events.length > 0) yield events;
    }
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #changed(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.#waiting.delete(done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      this.#waiting.add(done);
      signal.addEventListener('abort', done, { once: true });
    });
  }
}
