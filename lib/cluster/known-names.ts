// Which network names were probed for: kept with the group's claim to the name, and gone with it. Whoever takes the group over uses such a name at once.

import type { KnownNames } from '../names/published-name.js';
import { keys } from '../store/keys.js';
import type { Entry, Store } from '../store/store.js';

interface Claim {
  readonly version: 1;
  readonly group: string;
  readonly probed?: true;
}

const claimOf = (entry: Entry | undefined, group: string): Claim | undefined => {
  const claim = entry?.value as Claim | undefined;
  return claim?.group === group ? claim : undefined;
};

export class ClaimedNames implements KnownNames {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  async has(group: string, name: string): Promise<boolean> {
    return claimOf(await this.#store.get(keys.networkName(name)), group)?.probed === true;
  }

  remember(group: string, name: string): Promise<void> {
    return this.#write(group, name, true);
  }

  forget(group: string, name: string): Promise<void> {
    return this.#write(group, name, false);
  }

  /** A claim that was given up or changed meanwhile stays as it is: at worst the name is probed for once more. */
  async #write(group: string, name: string, probed: boolean): Promise<void> {
    const key = keys.networkName(name);
    const entry = await this.#store.get(key);
    const claim = claimOf(entry, group);
    if (entry === undefined || claim === undefined || (claim.probed === true) === probed) return;
    const { probed: _, ...rest } = claim;
    const value = probed ? { ...rest, probed } : rest;
    await this.#store.txn([{ key, revision: entry.revision }], [{ put: key, value }]);
  }
}
