// A node's own clock over the world's: other zero, slightly other speed, and it can be stopped together with its process.

import type { Clock } from '../../lib/platform/clock.js';

export class NodeClock implements Clock {
  readonly #world: Clock;
  readonly #offset: number;
  readonly #rate: number;
  /** What fell due while the process was stopped; undefined while it runs. */
  #overdue: (() => void)[] | undefined;
  #isDead = false;

  constructor(world: Clock, { offset = 0, rate = 1 }: { offset?: number; rate?: number } = {}) {
    this.#world = world;
    this.#offset = offset;
    this.#rate = rate;
  }

  get runs(): boolean {
    return this.#overdue === undefined && !this.#isDead;
  }

  wall(): number {
    return this.#world.wall();
  }

  monotonic(): number {
    return this.#offset + this.#world.monotonic() * this.#rate;
  }

  after(ms: number, action: () => void): () => void {
    let isCancelled = false;
    const cancel = this.#world.after(ms / this.#rate, () => this.#deliver(() => (isCancelled ? undefined : action())));
    return () => {
      isCancelled = true;
      cancel();
    };
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

  /** Resolves as soon as the process runs; never, once it is dead. */
  gate(): Promise<void> {
    return new Promise((resolve) => this.#deliver(resolve));
  }

  pause(): void {
    this.#overdue ??= [];
  }

  /** Goes on; what fell due meanwhile happens in the order that `shuffle` gives it. */
  resume(shuffle: (overdue: (() => void)[]) => (() => void)[] = (overdue) => overdue): void {
    const overdue = this.#overdue ?? [];
    this.#overdue = undefined;
    for (const action of shuffle(overdue)) this.#deliver(action);
  }

  /** kill -9. */
  kill(): void {
    this.#isDead = true;
  }

  #deliver(action: () => void): void {
    if (this.#isDead) return;
    if (this.#overdue === undefined) action();
    else this.#overdue.push(action);
  }
}
