// Ownership on a node that is alone: it claims its groups when it starts and holds them for as long as its store answers (DESIGN section 4).

import { PlatenError } from '../errors.js';
import { nextOwner, type OwnerRecord, type Tenure } from '../model/ownership.js';
import { recordVersions, tooNew } from '../model/versions.js';
import { keys } from '../store/keys.js';
import type { Json, Store } from '../store/store.js';
import type { NodeMemory } from './node-memory.js';

interface Parts {
  readonly store: Store;
  readonly node: string;
  readonly incarnation: string;
  readonly memory: NodeMemory;
  /** True for ever once the store or the disk cannot be trusted. */
  readonly isLost: () => boolean;
}

export class SoleOwnership {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Becomes owner by compare-and-swap, at the next epoch. Throws `not-owner` when somebody else was quicker, `store-restored`, `store-outcome-unknown`. */
  async claim(group: string): Promise<Tenure> {
    const { store, node, incarnation, memory, isLost } = this.#parts;
    const key = keys.owner(group);
    const before = await store.get(key);
    const last = before?.value as unknown as OwnerRecord | undefined;
    const fault = tooNew('owner', last, `the owner record of ${group}`);
    if (fault !== undefined) throw new PlatenError('record-too-new', fault);
    memory.check(group, last?.epoch ?? 0);
    const owner = nextOwner(last, { node, incarnation });
    const { epoch } = owner;
    const groupEntry = await store.get(keys.group(group));
    const result = await store.txn(
      [{ key, revision: before?.revision ?? 0 }],
      [
        { put: key, value: owner as unknown as Json },
        ...(groupEntry === undefined
          ? [{ put: keys.group(group), value: { version: recordVersions.group, name: group } }]
          : []),
      ],
    );
    if (result.outcome === 'unknown')
      throw new PlatenError('store-outcome-unknown', `group ${group} may or may not be claimed`, {
        cause: result.cause,
      });
    if (result.outcome === 'conflict') throw new PlatenError('not-owner', `group ${group} could not be claimed`);
    await memory.remember(group, epoch);
    const { revision } = result;
    return { group, epoch, node, revision, holds: () => !isLost() };
  }
}
