// Requests per second and source (R89): a bucket of tokens for each address, in bounded memory.

interface Bucket {
  tokens: number;
  /** Monotonic, ms. */
  filled: number;
}

/** More sources than this at once push out the one that was silent for longest. */
const maxSources = 1_024;

export class SourceLimit {
  readonly #perSecond: number;
  readonly #buckets = new Map<string, Bucket>();

  /** `perSecond` requests at once, and as many in each second after. */
  constructor(perSecond: number) {
    this.#perSecond = perSecond;
  }

  /** Takes a token; false if there is none. `now`: monotonic, ms. */
  admits(source: string, now: number): boolean {
    const known = this.#buckets.get(source);
    const bucket = known ?? { tokens: this.#perSecond, filled: now };
    this.#buckets.delete(source);
    this.#buckets.set(source, bucket);
    if (known === undefined) this.#forgetOldest();
    const earned = ((now - bucket.filled) * this.#perSecond) / 1_000;
    bucket.tokens = Math.min(this.#perSecond, bucket.tokens + earned);
    bucket.filled = now;
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  }

  #forgetOldest(): void {
    if (this.#buckets.size <= maxSources) return;
    for (const oldest of this.#buckets.keys()) {
      this.#buckets.delete(oldest);
      return;
    }
  }
}
