// Whether this process was running all the time: a tick that came late, or clocks that part, mean that it was stopped (R25).

import type { Clock } from '../platform/clock.js';
import { seconds } from './view.js';
import type { Timing } from './timing.js';

export interface ClockWatchParts {
  readonly clock: Clock;
  readonly timing: Timing;
  /** A clock that goes on while the machine sleeps, ms; absent where there is none. */
  readonly suspendCounting?: () => number;
}

export class ClockWatch {
  readonly #parts: ClockWatchParts;
  #dueBy = Number.POSITIVE_INFINITY;
  #apart: number | undefined;

  constructor(parts: ClockWatchParts) {
    this.#parts = parts;
  }

  /** A tick is expected within `ms`. */
  expect(ms: number): void {
    this.#dueBy = this.#parts.clock.monotonic() + ms + this.#parts.timing.lateTickMs;
  }

  /** The tick came: what is wrong with it, in words; undefined when nothing is. */
  tick(): string | undefined {
    const { clock, timing, suspendCounting } = this.#parts;
    const late = clock.monotonic() - this.#dueBy;
    this.#dueBy = Number.POSITIVE_INFINITY;
    if (suspendCounting !== undefined) {
      const apart = suspendCounting() - clock.monotonic();
      const parted = Math.abs(apart - (this.#apart ?? apart));
      this.#apart = apart;
      if (parted > timing.clockPartMs) return `the machine slept for ${seconds(parted)}`;
    }
    return late > 0 ? `a tick came ${seconds(late + timing.lateTickMs)} late` : undefined;
  }

  /** What lies behind is forgotten. */
  restart(): void {
    this.#dueBy = Number.POSITIVE_INFINITY;
    this.#apart = undefined;
  }
}
