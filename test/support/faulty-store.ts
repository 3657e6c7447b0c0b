// One node's way to a store: delays, drops, unknown outcomes, requests that are written long after their sender gave them up.

import { PlatenError } from '../../lib/errors.js';
import type { Clock } from '../../lib/platform/clock.js';
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

/** What the way does to one call. */
export interface Faults {
  /** ms before the request reaches the store. */
  request(): number;
  /** ms before the answer, or a watch event, is back. */
  answer(): number;
  /** The request does not arrive. */
  losesRequest(): boolean;
  /** The answer does not arrive: the outcome is unknown. */
  losesAnswer(): boolean;
  /** Nothing passes, in neither direction. */
  isCut(): boolean;
}

export const noFaults: Faults = {
  request: () => 0,
  answer: () => 0,
  losesRequest: () => false,
  losesAnswer: () => false,
  isCut: () => false,
};

/** After this the caller hears that no answer came. */
const callTimeoutMs = 800;

export class FaultyStore implements Store {
  readonly #inner: Store;
  readonly #clock: Clock;
  /** Calls that the store itself has not answered yet. */
  busy = 0;
  /** May be replaced at any time. */
  faults: Faults = noFaults;
  /** Asked before anything is handed to the node: a node that is stopped hears nothing. */
  readonly #gate: () => Promise<void>;

  /** `clock` is the world's clock, not the node's. */
  constructor(parts: { inner: Store; clock: Clock; gate?: () => Promise<void> }) {
    this.#inner = parts.inner;
    this.#clock = parts.clock;
    this.#gate = parts.gate ?? (() => Promise.resolve());
  }

  get(key: string): Promise<Entry | undefined> {
    return this.#call(() => this.#inner.get(key));
  }

  range(prefix: string, options?: RangeOptions): Promise<Range> {
    return this.#call(() => this.#inner.range(prefix, options));
  }

  async txn(compares: readonly Compare[], changes: readonly Change[]): Promise<TxnResult> {
    try {
      return await this.#call(() => this.#inner.txn(compares, changes));
    } catch (cause) {
      return { outcome: 'unknown', cause };
    }
  }

  async *watch(prefix: string, fromRevision: number, signal: AbortSignal): AsyncGenerator<readonly WatchEvent[]> {
    if (this.faults.isCut()) throw new PlatenError('store-unreachable', 'cut off');
    for await (const batch of this.#inner.watch(prefix, fromRevision, signal)) {
      await this.#clock.sleep(this.faults.answer());
      if (this.faults.isCut()) throw new PlatenError('store-unreachable', 'cut off');
      await this.#gate();
      yield batch;
    }
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  async #call<T>(work: () => Promise<T>): Promise<T> {
    const heard = new AbortController();
    const timeout = this.#clock.sleep(callTimeoutMs, heard.signal).then(() => undefined);
    const answer = await Promise.race([this.#pass(work), timeout]);
    heard.abort();
    await this.#gate();
    if (answer === undefined) throw new PlatenError('store-unreachable', 'no answer');
    return answer.value;
  }

  /** The way there and back; nothing comes back when something was lost. */
  async #pass<T>(work: () => Promise<T>): Promise<{ value: T } | undefined> {
    const lost = new Promise<undefined>(() => {});
    if (this.faults.isCut() || this.faults.losesRequest()) return lost;
    await this.#clock.sleep(this.faults.request());
    this.busy += 1;
    const value = await work().finally(() => {
      this.busy -= 1;
    });
    if (this.faults.isCut() || this.faults.losesAnswer()) return lost;
    await this.#clock.sleep(this.faults.answer());
    return this.faults.isCut() ? lost : { value };
  }
}
