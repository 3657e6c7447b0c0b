// Every write to a group's jobs and printers goes through here: it compares the ownership record that made us owner (DESIGN section 4).

import { PlatenError } from '../errors.js';
import type { Tenure } from '../model/ownership.js';
import { keys } from '../store/keys.js';
import type { Change, Compare, Store } from '../store/store.js';

export class GroupWrites {
  readonly #store: Store;
  readonly #tenure: Tenure;
  readonly #onUncertain: (cause: unknown) => void;

  /** `onUncertain` is told when it is not known whether a write was made: the node must then leave its duty. */
  constructor({ store, tenure, onUncertain }: { store: Store; tenure: Tenure; onUncertain: (cause: unknown) => void }) {
    this.#store = store;
    this.#tenure = tenure;
    this.#onUncertain = onUncertain;
  }

  /**
   * Resolves with the new revision when the changes are durable. `undefined`: a comparison was lost although we still own the group.
   * Throws `not-owner`, `store-unreachable` or `store-outcome-unknown`.
   */
  async commit(compares: readonly Compare[], changes: readonly Change[]): Promise<number | undefined> {
    if (!this.#tenure.holds()) throw new PlatenError('not-owner');
    const owner: Compare = { key: keys.owner(this.#tenure.group), revision: this.#tenure.revision };
    const result = await this.#store.txn([owner, ...compares], changes);
    switch (result.outcome) {
      case 'committed':
        return result.revision;
      case 'conflict': {
        const now = await this.#store.get(owner.key);
        if (now?.revision !== owner.revision) throw new PlatenError('not-owner');
        return undefined;
      }
      case 'unknown':
        this.#onUncertain(result.cause);
        throw new PlatenError('store-outcome-unknown', undefined, { cause: result.cause });
      default:
        return result satisfies never;
    }
  }
}
