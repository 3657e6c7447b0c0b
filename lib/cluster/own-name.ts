// Each node needs a name of its own: whether a record of our name is that of another node that lives (an earlier life of ours is no other).

import { PlatenError } from '../errors.js';
import type { NodeRecord } from '../model/cluster.js';
import type { Clock } from '../platform/clock.js';
import { keys } from '../store/keys.js';
import type { Store } from '../store/store.js';
import type { Timing } from './timing.js';

export interface Self {
  readonly node: string;
  /** Of its state directory. */
  readonly id: string;
  readonly addresses: NodeRecord['addresses'];
}

export interface FoundSelf {
  readonly record: NodeRecord;
  readonly revision: number;
}

const lookEveryMs = 100;

/** A state directory that was copied carries the same id to another address. */
const isOurs = (record: NodeRecord, { id, addresses }: Self): boolean =>
  record.id === id && record.addresses.peers === addresses.peers;

/**
 * The record of our name, if there is one. A stranger's that is not fenced is watched while two renewals would come: throws `node-name-taken`
 * when one does. Throws what the store throws.
 */
export const ownRecord = async (
  { store, clock, timing }: { store: Store; clock: Clock; timing: Timing },
  self: Self,
): Promise<FoundSelf | undefined> => {
  const until = clock.monotonic() + 2 * timing.renewEveryMs + timing.renewTimeoutMs;
  for (let first: number | undefined; ; await clock.sleep(lookEveryMs)) {
    const entry = await store.get(keys.node(self.node));
    if (entry === undefined) return undefined;
    const found = { record: entry.value as unknown as NodeRecord, revision: entry.revision };
    const { record, revision } = found;
    if (record.fenced !== undefined || isOurs(record, self)) return found;
    first ??= revision;
    if (revision !== first) {
      const where = [record.addresses.rest, record.addresses.peers].find((url) => url !== '');
      throw new PlatenError(
        'node-name-taken',
        `a node named ${self.node} is alive${where === undefined ? '' : ` at ${where}`}; each node needs a name of its own`,
      );
    }
    if (clock.monotonic() >= until) return found;
  }
};
