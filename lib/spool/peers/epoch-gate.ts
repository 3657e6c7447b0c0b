// Refuses documents of an epoch that is over (R19). The epoch of a group never goes back, so what was read once need not be read again.

import { PlatenError } from '../../errors.js';

export class EpochGate {
  readonly #read: (group: string) => Promise<number | undefined>;
  readonly #known = new Map<string, number>();

  /** `read` gives the group's epoch by a linearizable read; undefined when it was never owned. */
  constructor(read: (group: string) => Promise<number | undefined>) {
    this.#read = read;
  }

  isKnown(group: string, epoch: number): boolean {
    return this.#known.get(group) === epoch;
  }

  /** Throws `not-owner` unless it is the group's epoch. An epoch that ended since it was read passes: no commit of it can succeed. */
  async check(group: string, epoch: number): Promise<void> {
    if (this.isKnown(group, epoch)) return;
    if ((this.#known.get(group) ?? 0) < epoch) this.saw(group, (await this.#read(group)) ?? 0);
    if (this.#known.get(group) !== epoch) throw new PlatenError('not-owner', `${epoch} is not the epoch of ${group}`);
  }

  saw(group: string, epoch: number): void {
    if (epoch > (this.#known.get(group) ?? 0)) this.#known.set(group, epoch);
  }
}
