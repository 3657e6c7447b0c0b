// Pure: tells a slow client from one that holds a connection for nothing (R59). Only the time that we waited for it counts.

import type { BodyLimits } from '../guarded-body.js';

type RateLimits = Pick<BodyLimits, 'minBytesPerSecond' | 'minRateOverMs'>;

export class RateFloor {
  readonly #limits: RateLimits;
  #octets = 0;
  #waitedMs = 0;

  constructor(limits: RateLimits) {
    this.#limits = limits;
  }

  /** Notes octets and the time they took to come; false when the client stayed below the rate for a whole period. */
  note(octets: number, waitedMs: number): boolean {
    const { minBytesPerSecond, minRateOverMs } = this.#limits;
    this.#octets += octets;
    this.#waitedMs += waitedMs;
    if (this.#waitedMs < minRateOverMs) return true;
    const enough = (this.#octets * 1000) / this.#waitedMs >= minBytesPerSecond;
    this.#octets = 0;
    this.#waitedMs = 0;
    return enough;
  }
}
