// Writes groups by compare-and-swap: the record, and with it the claims to its addresses and names, which no other group may have.

import { PlatenError } from '../errors.js';
import type { GroupRecord } from '../model/cluster.js';
import { tooNew } from '../model/versions.js';
import { keys } from '../store/keys.js';
import type { Change, Compare, Entry, Json, Store } from '../store/store.js';
import { claimsOf } from './group-edits.js';

export interface Edit {
  /** The group as it should be; undefined: no more. */
  readonly record: GroupRecord | undefined;
  /** What the edit was decided upon, beside the group itself. */
  readonly compares?: readonly Compare[];
  readonly changes?: readonly Change[];
}

/** Reads what it needs; throws to refuse. Called anew when something changed meanwhile. */
export type Decide = (current: GroupRecord | undefined) => Promise<Edit> | Edit;

const mostTries = 25;

const claimKeys = (record: GroupRecord | undefined): ReadonlyMap<string, string> => {
  const { addresses, names } = claimsOf(record);
  return new Map([
    ...addresses.map((address) => [keys.address(address), `the address ${address}`] as const),
    ...names.map((name) => [keys.networkName(name), `the name ${name}`] as const),
  ]);
};

const isSame = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

/** Compare-and-swap with tries; throws `store-outcome-unknown`, and `store-unreachable` when others are always first. */
export const swapped = async <Result>(
  store: Store,
  attempt: () => Promise<{ compares: readonly Compare[]; changes: readonly Change[]; result: Result }>,
): Promise<Result> => {
  for (let tries = 0; tries < mostTries; tries += 1) {
    const { compares, changes, result } = await attempt();
    if (changes.length === 0) return result;
    const answer = await store.txn(compares, changes);
    if (answer.outcome === 'committed') return result;
    if (answer.outcome === 'unknown')
      throw new PlatenError('store-outcome-unknown', undefined, { cause: answer.cause });
  }
  throw new PlatenError('store-unreachable', 'others change the same all the time: nothing was written');
};

export class GroupTable {
  readonly #store: Store;

  constructor({ store }: { store: Store }) {
    this.#store = store;
  }

  /** Throws what `decide` throws, `group-refused` where another group has the address or name, and what `swapped` throws. */
  edit(group: string, decide: Decide): Promise<GroupRecord | undefined> {
    return swapped(this.#store, async () => {
      const entry = await this.#store.get(keys.group(group));
      const current = entry?.value as unknown as GroupRecord | undefined;
      const fault = tooNew('group', current, `group ${group}`);
      if (fault !== undefined) throw new PlatenError('record-too-new', fault);
      const { record, compares = [], changes = [] } = await decide(current);
      if (isSame(record, current) && changes.length === 0) return { compares: [], changes: [], result: record };
      const claims = await this.#claims(group, current, record);
      const key = keys.group(group);
      const change: Change = record === undefined ? { delete: key } : { put: key, value: record as unknown as Json };
      return {
        compares: [{ key, revision: entry?.revision ?? 0 }, ...compares, ...claims.compares],
        changes: [change, ...changes, ...claims.changes],
        result: record,
      };
    });
  }

  async #claims(
    group: string,
    before: GroupRecord | undefined,
    after: GroupRecord | undefined,
  ): Promise<{ compares: Compare[]; changes: Change[] }> {
    const old = claimKeys(before);
    const wanted = claimKeys(after);
    const compares: Compare[] = [];
    const changes: Change[] = [];
    for (const [key, what] of wanted) {
      if (old.has(key)) continue;
      const entry = await this.#store.get(key);
      const holder = holderOf(entry);
      if (holder !== undefined && holder !== group)
        throw new PlatenError('group-refused', `${what} belongs to group ${holder}`);
      compares.push({ key, revision: entry?.revision ?? 0 });
      changes.push({ put: key, value: { version: 1, group } });
    }
    for (const key of old.keys()) if (!wanted.has(key)) changes.push({ delete: key });
    return { compares, changes };
  }
}

const holderOf = (entry: Entry | undefined): string | undefined =>
  (entry?.value as { group?: string } | undefined)?.group;
