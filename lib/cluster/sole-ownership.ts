// Ownership on a node that is alone: it claims its groups when it starts and holds them for as long as its store answers (DESIGN section 4).

import { PlatenError } from '../errors.js';
import type { OwnerRecord, Tenure } from '../model/ownership.js';
import { keys } from '../store/keys.js';
import type { Json, Store } from '../store/store.js';
import type { NodeMemory } from './node-memory.js';

export class SoleOwnership {
  readonly #store: Store;
  readonly #node: string;
  readonly #incarnation: string;
  readonly #memory: NodeMemory;
  #lost = false;

  constructor(parts: { store: Store; node: string; incarnation: string; memory: NodeMemory }) {
    const { store, node, incarnation, memory } = parts;
    this.#memory = memory;
    this.#store = store;
    this.#node = node;
    this.#incarnation = incarnation;
  }

  /** Becomes owner by compare-and-swap, at the next epoch. Throws `not-owner` when somebody else was quicker, `store-restored`, `store-outcome-unknown`. */
  async claim(group: string): Promise<Tenure> {
    const key = keys.owner(group);
    const before = await this.#store.get(key);
    const last = (before?.value as unknown as OwnerRecord | undefined)?.epoch ?? 0;
    this.#memory.check(group, last);
    const epoch = last + 1;
    const owner: OwnerRecord = { version: 1, node: this.#node, incarnation: this.#incarnation, epoch };
    const groupEntry = await this.#store.get(keys.group(group));
    const result = await this.#store.txn(
      [{ key, revision: before?.revision ?? 0 }],
      [
        { put: key, value: owner as unknown as Json },
        ...(groupEntry === undefined ? [{ put: keys.group(group), value: { version: 1, name: group } }] : []),
      ],
    );
    if (result.outcome === 'unknown')
      throw new PlatenError('store-outcome-unknown', `group ${group} may or may not be claimed`, {
        cause: result.cause,
      });
    if (result.outcome === 'conflict') throw new PlatenError('not-owner', `group ${group} could not be claimed`);
    await this.#memory.remember(group, epoch);
    const { revision } = result;
    return { group, epoch, node: this.#node, revision, holds: () => !this.#lost };
  }

  /** Nothing is held any more: the store or the disk cannot be trusted. */
  lose(): void {
    this.#lost = true;
  }
}
