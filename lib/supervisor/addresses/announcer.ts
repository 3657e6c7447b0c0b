// Says again and again that the addresses of this node are here, and watches for other hosts that say the same (R32).

import type { Clock } from '../../platform/clock.js';
import type { Log } from '../../platform/log.js';
import type { Neighbours } from './neighbours.js';

export interface AnnouncerParts {
  readonly neighbours: Pick<Neighbours, 'announce' | 'probe'>;
  readonly clock: Clock;
  readonly log: Log;
  /** Another host answers for the address. */
  readonly onForeign: (address: string, hardware: string) => void;
}

/** After the address came, ms; then again and again. */
const firstMs = [0, 200, 500, 1_000, 2_000] as const;
const everyMs = 30_000;
const watchEveryMs = 5_000;

/** Before the n-th announcement, counted from 0, what is waited after the one before. */
export const announcementGapMs = (n: number): number => {
  const at = firstMs[n];
  return at === undefined ? everyMs : at - (firstMs[n - 1] ?? 0);
};

interface Spoken {
  readonly over: AbortController;
  readonly done: Promise<unknown>;
}

export class Announcer {
  readonly #parts: AnnouncerParts;
  readonly #addresses = new Map<string, Spoken>();

  constructor(parts: AnnouncerParts) {
    this.#parts = parts;
  }

  /** Announces it from now on; at once when it is announced already. */
  start(address: string): void {
    this.#addresses.get(address)?.over.abort();
    const over = new AbortController();
    const done = Promise.all([this.#announce(address, over.signal), this.#watch(address, over.signal)]);
    this.#addresses.set(address, { over, done });
  }

  /** Resolves when nothing is said of them any more. */
  async stop(addresses: readonly string[]): Promise<void> {
    await Promise.all(
      addresses.map(async (address) => {
        const spoken = this.#addresses.get(address);
        this.#addresses.delete(address);
        spoken?.over.abort();
        await spoken?.done;
      }),
    );
  }

  async #announce(address: string, signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts;
    const said = new Set<Promise<void>>();
    for (let n = 0; ; n += 1) {
      await clock.sleep(announcementGapMs(n), signal);
      if (signal.aborted) break;
      // The program waits for an answer; the next announcement does not wait for the program.
      const saying = this.#say(address, n, signal).finally(() => said.delete(saying));
      said.add(saying);
    }
    await Promise.all(said);
  }

  async #say(address: string, n: number, signal: AbortSignal): Promise<void> {
    const { neighbours, log } = this.#parts;
    const { status, stderr } = await neighbours.announce(address, n, signal);
    if (status !== 0 && !signal.aborted) log.warn({ address, status, stderr }, 'an address could not be announced');
  }

  async #watch(address: string, signal: AbortSignal): Promise<void> {
    const { neighbours, clock, onForeign } = this.#parts;
    for (;;) {
      await clock.sleep(watchEveryMs, signal);
      if (signal.aborted) return;
      const hardware = await neighbours.probe(address, signal);
      if (hardware === undefined || signal.aborted) continue;
      onForeign(address, hardware);
      // Whoever heard the other one hears this node last.
      await neighbours.announce(address, 0, signal);
    }
  }
}
