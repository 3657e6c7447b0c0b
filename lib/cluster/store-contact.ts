// Whether the store answers this node, and since when it does not: every call of a way to it is listened to.

import type { Clock } from '../platform/clock.js';
import type { Store } from '../store/store.js';

/** Wall clock, ms since 1970. */
export interface StoreSilence {
  readonly since: number;
}

export interface StoreContactParts {
  readonly store: Store;
  readonly clock: Clock;
  /** A shorter silence is none. */
  readonly toleratedMs: number;
  /** Told at the first answer after a silence. */
  readonly onBack: (silence: StoreSilence & { readonly forMs: number }) => void;
}

export class StoreContact {
  /** The same store, listened to. */
  readonly store: Store;
  readonly #parts: StoreContactParts;
  #answeredAt: number;
  #hasFailed = false;

  constructor(parts: StoreContactParts) {
    this.#parts = parts;
    this.#answeredAt = parts.clock.monotonic();
    const { store } = parts;
    this.store = {
      get: (key) => this.#heard(store.get(key)),
      range: (prefix, options) => this.#heard(store.range(prefix, options)),
      txn: (compares, changes) => this.#heard(store.txn(compares, changes), ({ outcome }) => outcome !== 'unknown'),
      watch: (prefix, fromRevision, signal) => store.watch(prefix, fromRevision, signal),
      close: () => store.close(),
    };
  }

  /** Undefined while it answers. */
  get silence(): StoreSilence | undefined {
    const { clock, toleratedMs } = this.#parts;
    const forMs = clock.monotonic() - this.#answeredAt;
    return this.#hasFailed && forMs > toleratedMs ? { since: Math.round(clock.wall() - forMs) } : undefined;
  }

  async #heard<Answer>(asked: Promise<Answer>, isAnswer: (answer: Answer) => boolean = () => true): Promise<Answer> {
    try {
      const answer = await asked;
      if (isAnswer(answer)) this.#answered();
      else this.#hasFailed = true;
      return answer;
    } catch (error) {
      this.#hasFailed = true;
      throw error;
    }
  }

  #answered(): void {
    const { silence } = this;
    const now = this.#parts.clock.monotonic();
    const forMs = now - this.#answeredAt;
    this.#answeredAt = now;
    this.#hasFailed = false;
    if (silence !== undefined) this.#parts.onBack({ ...silence, forMs });
  }
}
