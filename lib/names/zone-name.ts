// One name of a virtual server in a zone of the domain name system: written, and tried again for ever; taken out again for a while.

import type { Clock } from '../platform/clock.js';
import { updateZone, type Wish, type Zone } from './zone-update.js';

export interface ZoneNameParts {
  readonly zone: Zone;
  readonly name: string;
  readonly addresses: readonly string[];
  readonly clock: Clock;
  /** What `trouble` says may have changed. */
  readonly onChange: () => void;
  readonly update?: typeof updateZone;
}

const firstPauseMs = 1_000;
const longestPauseMs = 300_000;
/** Longer, and the removal could meet the same name that was published anew from another node. */
const removalMs = 20_000;

export class ZoneName {
  readonly #parts: ZoneNameParts;
  readonly #abort = new AbortController();
  #trouble: string | undefined;
  #work: Promise<boolean>;

  constructor(parts: ZoneNameParts, after: Promise<unknown> = Promise.resolve()) {
    this.#parts = parts;
    this.#work = after.then(() => this.#settle(true, this.#abort.signal));
  }

  get name(): string {
    return this.#parts.name;
  }

  get trouble(): string | undefined {
    return this.#trouble;
  }

  /** Nothing more is written; what is there stays. */
  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#work;
  }

  /** Whether the addresses were taken out of the zone. */
  async remove(signal: AbortSignal): Promise<boolean> {
    await this.stop();
    const patience = new AbortController();
    const cancel = this.#parts.clock.after(removalMs, () => patience.abort());
    try {
      return await this.#settle(false, AbortSignal.any([patience.signal, signal]));
    } finally {
      cancel();
    }
  }

  async #settle(there: boolean, signal: AbortSignal): Promise<boolean> {
    const { zone, name, addresses, clock, onChange, update = updateZone } = this.#parts;
    const wish: Wish = { name, addresses, there };
    for (let pauseMs = firstPauseMs; !signal.aborted; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
      try {
        await update(zone, wish, { clock, signal });
        this.#trouble = undefined;
        onChange();
        return true;
      } catch (error) {
        if (signal.aborted) break;
        const why = error instanceof Error ? error.message : String(error);
        const { address, port } = zone.server;
        this.#trouble = `${name} is not ${there ? 'in' : 'out of'} zone ${zone.zone} at ${address} port ${port}: ${why}`;
        onChange();
        await clock.sleep(pauseMs, signal);
      }
    }
    return false;
  }
}
