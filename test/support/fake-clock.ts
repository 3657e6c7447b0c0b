// A clock that stands still until a test moves it. Timers fire in the order of their time, each followed by a few turns
// of the event loop, so that what they set going (promises, sockets) happens before the next one.

import type { Clock } from '../../lib/platform/clock.js';

interface Timer {
  readonly due: number;
  readonly action: () => void;
}

/** Lets promises, immediates and ready sockets run. */
export const settle = async (turns = 4): Promise<void> => {
  for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

export class FakeClock implements Clock {
  #now = 0;
  /** Wall clock at monotonic 0; a test may set it to make the wall clock jump. */
  wallStart: number;
  readonly #timers = new Set<Timer>();

  constructor(wallStart = Date.UTC(2026, 0, 1)) {
    this.wallStart = wallStart;
  }

  wall(): number {
    return this.wallStart + this.#now;
  }

  monotonic(): number {
    return this.#now;
  }

  after(ms: number, action: () => void): () => void {
    const timer = { due: this.#now + Math.max(0, ms), action };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const cancel = this.after(ms, done);
      signal?.addEventListener('abort', done, { once: true });
      function done(): void {
        cancel();
        signal?.removeEventListener('abort', done);
        resolve();
      }
    });
  }

  /** Timers that wait. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Moves time forward, firing what falls due on the way, timers set meanwhile included. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settle();
    for (let timer = this.#next(end); timer !== undefined; timer = this.#next(end)) {
      this.#now = timer.due;
      this.#timers.delete(timer);
      timer.action();
      await settle();
    }
    this.#now = end;
  }

  /** Moves time in steps until the condition holds. `realMs` passes between steps for parts that wait for real sockets or files. */
  async advanceUntil(
    condition: () => boolean,
    { stepMs = 100, limitMs = 3_600_000, realMs = 0 }: { stepMs?: number; limitMs?: number; realMs?: number } = {},
  ): Promise<void> {
    const limit = this.#now + limitMs;
    while (!condition()) {
      if (this.#now >= limit) throw new Error(`the condition does not hold after ${limitMs} ms of fake time`);
      await this.advance(stepMs);
      if (realMs > 0) await new Promise((resolve) => setTimeout(resolve, realMs));
    }
  }

  #next(end: number): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers)
      if (timer.due <= end && (next === undefined || timer.due < next.due)) next = timer;
    return next;
  }
}
