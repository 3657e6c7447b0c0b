// So many calls at a time; the others wait in order, each for a bounded time.

import type { Clock } from '../../platform/clock.js';

export class Lane {
  readonly #clock: Clock;
  readonly #width: number;
  readonly #waiting = new Set<() => void>();
  readonly #idle = new Set<() => void>();
  #inside = 0;

  constructor(width: number, clock: Clock) {
    this.#width = width;
    this.#clock = clock;
  }

  /** Resolves with the way out, or with undefined when `waitMs` passed before there was room. */
  enter(waitMs: number): Promise<(() => void) | undefined> {
    if (this.#inside < this.#width) return Promise.resolve(this.#pass());
    return new Promise((resolve) => {
      const pass = (): void => {
        this.#waiting.delete(pass);
        cancel();
        resolve(this.#pass());
      };
      const cancel = this.#clock.after(waitMs, () => {
        this.#waiting.delete(pass);
        resolve(undefined);
        this.#settle();
      });
      this.#waiting.add(pass);
    });
  }

  /** Resolves when nobody is inside and nobody waits. */
  idle(): Promise<void> {
    return new Promise((resolve) => {
      this.#idle.add(resolve);
      this.#settle();
    });
  }

  #pass(): () => void {
    this.#inside += 1;
    return () => {
      this.#inside -= 1;
      const [next] = this.#waiting;
      next?.();
      this.#settle();
    };
  }

  #settle(): void {
    if (this.#inside > 0 || this.#waiting.size > 0) return;
    for (const resolve of this.#idle) resolve();
    this.#idle.clear();
  }
}
