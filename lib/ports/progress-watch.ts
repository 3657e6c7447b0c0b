// Looks at an attempt from the side: reports its progress, at most four times a second, and a stall, which ends nothing
// (R41, R42). Short attempts end before the first look and cost one timer.

import type { Clock } from '../platform/clock.js';
import type { DeviceLink } from './device-link.js';
import type { Delivery, Phase, Progress } from './port.js';
import type { TcpWitness } from './tcp-witness.js';

const quickMs = 250;
const slowMs = 2_000;
/** Not a byte taken for so long: a stall. */
const stallMs = 30_000;

const spell = (ms: number): string => {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 1) return '30 seconds';
  if (minutes < 60) return `${minutes} minute${minutes === 1 ? '' : 's'}`;
  const hours = Math.floor(minutes / 60);
  return `${hours} hour${hours === 1 ? '' : 's'}`;
};

export class ProgressWatch {
  /** What the attempt is doing, as its main line knows it. */
  phase: Phase = 'connecting';
  /** What the printer last said about itself, for people. */
  heard = '';
  readonly #clock: Clock;
  readonly #witness: TcpWitness;
  readonly #delivery: Delivery;
  #link: DeviceLink | undefined;
  #cancel: () => void;
  #stopped = false;
  #every = quickMs;
  #last: Progress | undefined;
  #drained = 0;
  /** Octets that had left us at the last look, and since when there are no more of them. */
  #moved = 0;
  #still: number;

  constructor({
    clock,
    witness,
    delivery,
  }: {
    readonly clock: Clock;
    readonly witness: TcpWitness;
    readonly delivery: Delivery;
  }) {
    this.#clock = clock;
    this.#witness = witness;
    this.#delivery = delivery;
    this.#still = clock.monotonic();
    this.#cancel = clock.after(quickMs, this.#tick);
  }

  follow(link: DeviceLink): void {
    this.#link = link;
    this.#still = this.#clock.monotonic();
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel();
  }

  readonly #tick = (): void => void this.#lookAndGoOn();

  async #lookAndGoOn(): Promise<void> {
    await this.#look();
    if (!this.#stopped) this.#cancel = this.#clock.after(this.#every, this.#tick);
  }

  async #look(): Promise<void> {
    const link = this.#link;
    if (link !== undefined) await this.#measure(link);
    if (this.#stopped) return;
    // Between two chunks a slow printer may take minutes: what the kernel holds must not go out for a deposed owner.
    if (link !== undefined && this.phase !== 'confirming' && !this.#delivery.mayContinue())
      return link.reset('lost-ownership');
    this.#report(link);
  }

  async #measure(link: DeviceLink): Promise<void> {
    const { written } = link;
    const queued = await this.#witness.unacknowledged(link.connection);
    if (typeof queued === 'number') this.#drained = Math.max(this.#drained, written - queued);
    // Without a witness the kernel's buffer is the best that can be seen.
    const moved = typeof queued === 'number' ? this.#drained : written;
    if (moved > this.#moved || moved >= link.handed) this.#still = this.#clock.monotonic();
    this.#moved = Math.max(moved, this.#moved);
  }

  #report(link: DeviceLink | undefined): void {
    const still = this.#clock.monotonic() - this.#still;
    const stalled = link !== undefined && still >= stallMs && (this.phase === 'sending' || this.phase === 'draining');
    const waited = stalled ? `the printer has taken nothing for ${spell(still)}` : '';
    const next: Progress = {
      phase: stalled ? 'stalled' : this.phase,
      written: link?.written ?? 0,
      drained: this.#drained,
      detail: [waited, this.heard].filter((part) => part !== '').join('; '),
    };
    const last = this.#last;
    const same =
      last !== undefined &&
      last.phase === next.phase &&
      last.written === next.written &&
      last.drained === next.drained &&
      last.detail === next.detail;
    this.#every = same ? Math.min(slowMs, this.#every * 2) : quickMs;
    if (same) return;
    this.#last = next;
    this.#delivery.progress(next);
  }
}
