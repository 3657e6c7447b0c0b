// The store of a node that is alone: one lmdb file, no other process (DESIGN section 4). Reads see what is on disk and nothing else.

import { PlatenError } from '../../errors.js';
import type { Clock } from '../../platform/clock.js';
import { systemClock } from '../../platform/clock.js';
import { ensureDirectory } from '../../platform/durable-file.js';
import type { Log } from '../../platform/log.js';
import { assertTxn, defaultRangeLimit, keyOctets, valueText } from '../limits.js';
import type { Change, Compare, Entry, Json, Range, RangeOptions, Store, TxnResult, WatchEvent } from '../store.js';
import type { DirectoryLock } from '../../platform/directory-lock.js';
import { lockDirectory } from '../../platform/directory-lock.js';
import type { DraftChange } from './draft.js';
import { GroupCommit } from './group-commit.js';
import { History } from './history.js';
import { boundsOf } from './key-range.js';
import type { Snapshot, StoreFile } from './tables.js';
import { Tables } from './tables.js';

const defaultWatchHistory = 10_000;
const watchHistoryBytes = 64 << 20;
/** A long range gives way to others after this many ms. */
const sliceMs = 5;

export interface EmbeddedStoreOptions {
  readonly directory: string;
  readonly log: Log;
  readonly clock?: Clock;
  /** Changes kept for watchers that start in the past. */
  readonly watchHistory?: number;
  /** Told once when a commit failed: what the file holds is known after the next start only. */
  readonly onFailure?: (cause: unknown) => void;
}

export interface EmbeddedStoreParts {
  readonly tables: StoreFile;
  readonly lock: DirectoryLock;
  readonly log: Log;
  readonly clock: Clock;
  readonly watchHistory: number;
  readonly onFailure: (cause: unknown) => void;
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Opens or creates the store; throws `PlatenError('store-unreachable')` with the reason when it cannot. */
export const openEmbeddedStore = async (options: EmbeddedStoreOptions): Promise<Store> => {
  const { directory, log, clock = systemClock, watchHistory = defaultWatchHistory, onFailure = () => {} } = options;
  let lock: DirectoryLock | undefined;
  try {
    await ensureDirectory(directory);
    lock = await lockDirectory(directory, 'store');
    return new EmbeddedStore({ tables: await Tables.open(directory, log), lock, log, clock, watchHistory, onFailure });
  } catch (error) {
    await lock?.release();
    const reason = error instanceof Error ? error.message : String(error);
    throw new PlatenError('store-unreachable', `the embedded store cannot be opened: ${reason}`, { cause: error });
  }
};

export class EmbeddedStore implements Store {
  readonly #parts: EmbeddedStoreParts;
  readonly #history: History;
  readonly #commits: GroupCommit;
  /** What reads see: the latest commit that is on disk. Replaced between two commits only. */
  #snapshot: Snapshot;
  #unreachable: PlatenError | undefined;
  #closed: Promise<void> | undefined;
  /** Ranges being read. */
  #ranges = 0;
  /** Watchers that wait for the next change. */
  readonly #waiting = new Set<() => void>();

  constructor(parts: EmbeddedStoreParts) {
    this.#parts = parts;
    const { tables, watchHistory } = parts;
    this.#snapshot = tables.snapshot();
    const revision = tables.revision(this.#snapshot);
    this.#history = new History({ revision, maxChanges: watchHistory, maxBytes: watchHistoryBytes });
    this.#commits = new GroupCommit({
      tables,
      history: this.#history,
      read: (octets) => tables.get(octets, this.#snapshot),
      onCommitted: () => this.#renewSnapshot(),
      onFailed: (cause) => this.#fail(cause),
    });
  }

  async get(key: string): Promise<Entry | undefined> {
    this.#assertReachable();
    const stored = this.#parts.tables.get(keyOctets(key), this.#snapshot);
    return stored && { key, value: JSON.parse(stored.text) as Json, revision: stored.revision };
  }

  async range(prefix: string, options: RangeOptions = {}): Promise<Range> {
    this.#assertReachable();
    const { limit = defaultRangeLimit } = options;
    if (!Number.isSafeInteger(limit) || limit < 1) throw new RangeError(`a range's limit is 1 or more, not ${limit}`);
    const bounds = boundsOf(prefix, options);
    const revision = this.#history.last;
    if (bounds === undefined) return { entries: [], revision, more: false };
    const snapshot = this.#snapshot;
    const { tables, clock } = this.#parts;
    const entries: Entry[] = [];
    snapshot.hold();
    this.#ranges += 1;
    try {
      let started = clock.monotonic();
      for (const { key, text, revision: modified } of tables.range(bounds, snapshot)) {
        if (entries.length === limit) return { entries, revision, more: true };
        entries.push({ key, value: JSON.parse(text) as Json, revision: modified });
        if (clock.monotonic() - started < sliceMs) continue;
        await nextTurn();
        this.#assertReachable();
        started = clock.monotonic();
      }
      return { entries, revision, more: false };
    } finally {
      snapshot.letGo();
      this.#ranges -= 1;
    }
  }

  async txn(compares: readonly Compare[], changes: readonly Change[]): Promise<TxnResult> {
    this.#assertReachable();
    assertTxn(compares, changes);
    let size = 0;
    const pending = changes.map((change): DraftChange => {
      if ('delete' in change) return { key: change.delete, octets: keyOctets(change.delete) };
      const text = valueText(change.put, change.value);
      size += text.length;
      return { key: change.put, octets: keyOctets(change.put), text };
    });
    const checks = compares.map(({ key, revision }) => ({ key, octets: keyOctets(key), revision }));
    return new Promise((resolve, reject) =>
      this.#commits.submit({ compares: checks, changes: pending, size, resolve, reject }),
    );
  }

  async *watch(prefix: string, fromRevision: number, signal: AbortSignal): AsyncGenerator<readonly WatchEvent[]> {
    let next = fromRevision;
    while (!signal.aborted) {
      this.#assertReachable();
      if (next < this.#history.first)
        throw new PlatenError(
          'store-compacted',
          `revision ${next} is no longer kept, the oldest is ${this.#history.first}`,
        );
      if (next > this.#history.last) {
        await this.#changed(signal);
        continue;
      }
      const events = this.#history.events(next, prefix);
      next += 1;
      if (events.length > 0) yield events;
    }
  }

  close(): Promise<void> {
    this.#unreachable ??= new PlatenError('store-unreachable', 'the store is closed');
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#wake();
    await this.#commits.idle();
    while (this.#ranges > 0) await nextTurn();
    this.#snapshot.letGo();
    await this.#parts.tables.close();
    await this.#parts.lock.release();
  }

  #assertReachable(): void {
    if (this.#unreachable !== undefined) throw this.#unreachable;
  }

  #renewSnapshot(): void {
    this.#snapshot.letGo();
    this.#snapshot = this.#parts.tables.snapshot();
    this.#wake();
  }

  #fail(cause: unknown): void {
    this.#parts.log.error({ err: cause }, 'the store could not be written; it is not used any more');
    this.#unreachable ??= new PlatenError('store-unreachable', 'the store could not be written', { cause });
    this.#wake();
    this.#parts.onFailure(cause);
  }

  /** Resolves at the next change, at a failure, and when `signal` aborts. */
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

  #wake(): void {
    for (const wake of this.#waiting) wake();
  }
}
