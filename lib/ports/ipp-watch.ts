// Looks at an attempt from the side: reports its progress, at most four times a second, shows stalls, which end nothing
// (R41, R42), and asks for the ownership while a printer takes its time between two chunks.

import type { Clock } from '../platform/clock.js';
import type { Delivery, Phase, Progress } from './port.js';

const quickMs = 250;
const slowMs = 2_000;
/** Nothing moved for so long: a stall. */
const stallMs = 30_000;

export class IppWatch {
  /** Octets of documents that the kernel took, and that the printer answered for. */
  written = 0;
  drained = 0;
  readonly #clock: Clock;
  readonly #delivery: Delivery;
  readonly #onLost: () => void;
  #phase: Phase = 'connecting';
  #detail = '';
  #moved: number;
  #every = quickMs;
  #last: Progress | undefined;
  #cancel: () => void;

  constructor({ clock, delivery, onLost }: { clock: Clock; delivery: Delivery; onLost: () => void }) {
    this.#clock = clock;
    this.#delivery = delivery;
    this.#onLost = onLost;
    this.#moved = clock.monotonic();
    this.#cancel = clock.after(quickMs, this.#look);
  }

  enter(phase: Phase, detail = ''): void {
    if (phase !== this.#phase) this.#moved = this.#clock.monotonic();
    this.#phase = phase;
    this.#detail = detail;
  }

  taken(octets: number): void {
    this.written += octets;
    this.#moved = this.#clock.monotonic();
  }

  stop(): void {
    this.#cancel();
  }

  readonly #look = (): void => {
    this.#cancel = this.#clock.after(this.#every, this.#look);
    // What the kernel holds must not go out for a deposed owner.
    if (this.#isOnTheWay() && !this.#delivery.mayContinue()) return this.#onLost();
    this.#report();
  };

  #isOnTheWay(): boolean {
    return this.#phase === 'sending' || this.#phase === 'draining';
  }

  #report(): void {
    const still = this.#isOnTheWay() && this.#clock.monotonic() - this.#moved >= stallMs;
    const waited = this.#phase === 'sending' ? 'takes no data' : 'has everything and does not answer yet';
    const next: Progress = {
      phase: still ? 'stalled' : this.#phase,
      written: this.written,
      drained: this.drained,
      detail: still ? `the printer ${waited}` : this.#detail,
    };
    const last = this.#last;
    const same =
      last?.phase === next.phase &&
      last.written === next.written &&
      last.drained === next.drained &&
      last.detail === next.detail;
    this.#every = same ? Math.min(slowMs, this.#every * 2) : quickMs;
    if (same) return;
    this.#last = next;
    this.#delivery.progress(next);
  }
}
