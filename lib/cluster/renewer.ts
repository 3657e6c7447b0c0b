// The loop that rewrites this node's record. What an answer does to the deadline is decided in renewal.ts.

import type { NodeRecord } from '../model/cluster.js';
import type { Clock } from '../platform/clock.js';
import type { Log } from '../platform/log.js';
import { keys } from '../store/keys.js';
import type { Json, Store, TxnResult } from '../store/store.js';
import { ClockWatch } from './clock-watch.js';
import { type FoundSelf, ownRecord } from './own-name.js';
import { atTime, confirmed, foundRecord, lost, newLife, sending, type Renewal } from './renewal.js';
import type { Timing } from './timing.js';

export interface RenewerParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly timing: Timing;
  readonly node: string;
  /** Of its state directory. */
  readonly id: string;
  /** 128 random bits in hexadecimal, never the same twice. */
  readonly newIncarnation: () => string;
  /** What the record says beside the life. */
  readonly describe: () => Pick<NodeRecord, 'addresses' | 'readiness'>;
  readonly suspendCounting?: () => number;
  /** Told after every change of the renewal. */
  readonly onChange: (renewal: Renewal) => void;
}

/** Why a life ended that was told to. */
export const orderlyEnd = 'it stopped in order';

const mostTries = 5;

export class Renewer {
  readonly #parts: RenewerParts;
  readonly #key: string;
  readonly #watch: ClockWatch;
  #renewal: Renewal;
  #loop: AbortController | undefined;
  /** Aborted: the next renewal is sent at once. */
  #rest = new AbortController();

  constructor(parts: RenewerParts) {
    this.#parts = parts;
    this.#key = keys.node(parts.node);
    const { clock, timing, suspendCounting } = parts;
    this.#watch = new ClockWatch({ clock, timing, ...(suspendCounting === undefined ? {} : { suspendCounting }) });
    this.#renewal = lost(this.#newLife(0), 'this node starts');
  }

  get renewal(): Renewal {
    return this.#renewal;
  }

  /**
   * A new incarnation. Only when nothing of the life before is left. Resolves with the record that was there. Throws `store-unreachable`, and
   * `node-name-taken` when that is another node's.
   */
  async begin(): Promise<FoundSelf | undefined> {
    this.stop();
    const loop = new AbortController();
    this.#loop = loop;
    const { node, id, describe } = this.#parts;
    const before = await ownRecord(this.#parts, { node, id, addresses: describe().addresses });
    if (loop.signal.aborted) return undefined;
    this.#watch.restart();
    this.#set(this.#newLife(before?.revision ?? 0));
    void this.#run(loop.signal);
    return before;
  }

  /** This life is over, for a reason seen elsewhere. */
  lose(because: string): void {
    this.#set(lost(this.#renewal, because));
  }

  /** Renews no more; what is confirmed stays confirmed until its deadline. */
  stop(): void {
    this.#loop?.abort();
    this.hurry();
  }

  /** What the record says beside the life has changed: the next renewal does not wait. */
  hurry(): void {
    this.#rest.abort();
  }

  /** An orderly end: writes that this life is dead, so that nobody has to wait for its silence. Nothing of it may be left. */
  async end(): Promise<void> {
    const { log } = this.#parts;
    this.stop();
    const { incarnation } = this.#renewal;
    this.lose(orderlyEnd);
    try {
      // Renewals that are still on their way may come first.
      for (let tries = 0; tries < mostTries && !(await this.#fenceOwn(incarnation)); tries += 1);
    } catch (error) {
      log.warn({ err: error }, 'the end could not be written; others will wait for the silence');
    }
  }

  /** True when the store does not take this life for alive any more, or it is not known. */
  async #fenceOwn(incarnation: string): Promise<boolean> {
    const { store, node } = this.#parts;
    const found = await store.get(this.#key);
    const record = found?.value as unknown as NodeRecord | undefined;
    if (found === undefined || record?.incarnation !== incarnation || record.fenced !== undefined) return true;
    const fenced: NodeRecord = { ...record, fenced: { by: node, because: orderlyEnd } };
    const compares = [{ key: this.#key, revision: found.revision }];
    const { outcome } = await store.txn(compares, [{ put: this.#key, value: fenced as unknown as Json }]);
    return outcome !== 'conflict';
  }

  #newLife(revision: number): Renewal {
    const { newIncarnation, timing } = this.#parts;
    return newLife({ incarnation: newIncarnation(), revision, fenceAfterMs: timing.fenceAfterMs });
  }

  #set(renewal: Renewal): void {
    if (renewal === this.#renewal) return;
    this.#renewal = renewal;
    this.#parts.onChange(renewal);
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock, timing } = this.#parts;
    while (!signal.aborted) {
      const doubt = this.#watch.tick();
      if (doubt !== undefined) this.lose(doubt);
      this.#set(atTime(this.#renewal, clock.monotonic()));
      if (this.#renewal.state === 'lost') return;
      const started = clock.monotonic();
      this.#rest = new AbortController();
      await this.#renew(signal);
      const rest = Math.max(0, started + timing.renewEveryMs - clock.monotonic());
      this.#watch.expect(rest);
      await clock.sleep(rest, this.#rest.signal);
    }
  }

  /** One renewal; returns when it is answered or its time is over. A later answer is heard all the same. */
  async #renew(signal: AbortSignal): Promise<void> {
    const { clock, timing, id, describe } = this.#parts;
    this.#set(sending(this.#renewal, clock.monotonic()));
    const { incarnation, counter, revision } = this.#renewal;
    const record: NodeRecord = { version: 1, id, incarnation, counter, ...describe() };
    const answered = new AbortController();
    const giveUp = (): void => answered.abort();
    signal.addEventListener('abort', giveUp, { once: true });
    void this.#send(record, revision).finally(giveUp);
    await clock.sleep(timing.renewTimeoutMs, answered.signal);
    signal.removeEventListener('abort', giveUp);
  }

  async #send(record: NodeRecord, revision: number): Promise<void> {
    const { store, log } = this.#parts;
    const compares = [{ key: this.#key, revision }];
    try {
      const result = await store.txn(compares, [{ put: this.#key, value: record as unknown as Json }]);
      await this.#answered(record, result);
    } catch (error) {
      log.debug({ err: error, counter: record.counter }, 'a renewal failed');
    }
  }

  async #answered(record: NodeRecord, result: TxnResult): Promise<void> {
    const { store, clock } = this.#parts;
    const isCurrent = (): boolean => this.#renewal.incarnation === record.incarnation;
    if (result.outcome === 'unknown' || !isCurrent()) return;
    if (result.outcome === 'committed') {
      const { revision } = result;
      this.#set(confirmed(this.#renewal, { counter: record.counter, revision, time: clock.monotonic() }));
      return;
    }
    const found = await store.get(this.#key);
    if (!isCurrent()) return;
    const time = clock.monotonic();
    const current = found?.value as unknown as NodeRecord | undefined;
    this.#set(foundRecord(this.#renewal, { record: current, revision: found?.revision ?? 0, time }));
  }
}
