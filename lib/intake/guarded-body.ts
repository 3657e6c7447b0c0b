// A request's body with its limits: time between octets, least rate, and an end with the connection (R59).

import type { Readable } from 'node:stream';
import { PlatenError } from '../errors.js';
import type { Clock } from '../platform/clock.js';

export interface BodyLimits {
  /** Longest wait for the next octets. */
  readonly idleTimeMs: number;
  /** Least octets a second, averaged over `minRateOverMs` of waiting for the client; 0: none. */
  readonly minBytesPerSecond: number;
  readonly minRateOverMs: number;
}

type Next = IteratorResult<Uint8Array, undefined>;

const done: Next = { done: true, value: undefined };

/**
 * Yields what comes in. Only time spent waiting for the client counts, not the time that the disk or the printer takes.
 * Throws `document-incomplete` when the client is gone, too slow or silent. Whoever stops reading early may still answer
 * on the same connection.
 */
export class GuardedBody implements AsyncIterableIterator<Uint8Array> {
  /** Octets that came in so far. */
  taken = 0;
  readonly #stream: Readable;
  readonly #limits: BodyLimits;
  readonly #clock: Clock;
  readonly #wake = (): void => this.#woken?.();
  readonly #fail = (error: Error): void => {
    this.#error = error;
    this.#wake();
  };
  #woken: (() => void) | undefined;
  #error: Error | undefined;
  #fault: string | undefined;
  #ended = false;
  /** Milliseconds and octets of the current period of measurement. */
  #waited = 0;
  #octets = 0;

  constructor(stream: Readable, limits: BodyLimits, clock: Clock) {
    this.#stream = stream;
    this.#limits = limits;
    this.#clock = clock;
    stream.on('readable', this.#wake).on('end', this.#wake).on('close', this.#wake).on('error', this.#fail);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<Next> {
    while (!this.#ended) {
      const chunk = this.#stream.read() as Uint8Array | null;
      if (chunk !== null) return this.#taken(chunk);
      if (this.#stream.readableEnded) return this.return();
      if (this.#error !== undefined || this.#stream.destroyed) throw this.#given();
      await this.#wait();
    }
    return done;
  }

  async return(): Promise<Next> {
    this.#ended = true;
    this.#stream.off('readable', this.#wake).off('end', this.#wake).off('close', this.#wake);
    return done;
  }

  #taken(chunk: Uint8Array): Next {
    this.taken += chunk.length;
    if (this.#waited > this.#limits.minRateOverMs) {
      // Fast enough so far, else the wait would not have ended well: a new period begins.
      this.#waited = 0;
      this.#octets = 0;
    }
    this.#octets += chunk.length;
    return { done: false, value: chunk };
  }

  /** Until something happens to the stream; it is destroyed when that takes too long. */
  async #wait(): Promise<void> {
    const { idleTimeMs, minBytesPerSecond, minRateOverMs } = this.#limits;
    const idle = { ms: idleTimeMs, fault: `no data came for ${Math.round(idleTimeMs / 1000)} s` };
    const owed = minBytesPerSecond === 0 ? Number.POSITIVE_INFINITY : (this.#octets * 1000) / minBytesPerSecond;
    const slow = {
      ms: Math.max(minRateOverMs, owed) - this.#waited,
      fault: `data came more slowly than ${minBytesPerSecond} octets a second`,
    };
    const limit = slow.ms < idle.ms ? slow : idle;
    const since = this.#clock.monotonic();
    const cancel = this.#clock.after(limit.ms, () => {
      this.#fault = limit.fault;
      this.#stream.destroy(new Error(limit.fault));
    });
    await new Promise<void>((resolve) => {
      this.#woken = resolve;
    });
    this.#woken = undefined;
    cancel();
    this.#waited += this.#clock.monotonic() - since;
  }

  #given(): PlatenError {
    const message = this.#fault ?? 'the client went away before the end';
    return new PlatenError('document-incomplete', message, { cause: this.#error });
  }
}
