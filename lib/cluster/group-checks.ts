// What a group may not be because of what else is in the cluster: nodes that do not exist, addresses of nodes, names that differ by case only.

import { PlatenError } from '../errors.js';
import type { GroupRecord, NodeRecord } from '../model/cluster.js';
import { canonicalAddress } from '../platform/ip-address.js';
import { keys } from '../store/keys.js';
import type { Entry, Store } from '../store/store.js';
import { claimsOf, type GroupSettings } from './group-edits.js';

/** Everything below a prefix, in the order of the keys. */
export const entriesBelow = async (store: Store, prefix: string): Promise<readonly Entry[]> => {
  const entries: Entry[] = [];
  for (let from: string | undefined, more = true; more; ) {
    const range = await store.range(prefix, from === undefined ? {} : { from });
    entries.push(...range.entries);
    from = `${range.entries.at(-1)?.key}\0`;
    more = range.more;
  }
  return entries;
};

const nodesOf = async (store: Store): Promise<ReadonlyMap<string, NodeRecord>> =>
  new Map(
    (await entriesBelow(store, keys.nodes)).map(({ key, value }) => [
      key.slice(keys.nodes.length),
      value as unknown as NodeRecord,
    ]),
  );

/** Throws `node-not-found` with the nodes that there are. */
export const assertNodesExist = async (store: Store, names: readonly string[]): Promise<void> => {
  if (names.length === 0) return;
  const known = await nodesOf(store);
  const strangers = names.filter((name) => !known.has(name));
  if (strangers.length === 0) return;
  const list = [...known.keys()].join(', ');
  throw new PlatenError(
    'node-not-found',
    `no node of this cluster: ${strangers.join(', ')}; its nodes: ${list || 'none'}`,
  );
};

/** Throws `node-not-found`. */
export const assertOwnersExist = (store: Store, { possibleOwners, preferredOwners }: GroupSettings): Promise<void> =>
  assertNodesExist(store, [...new Set([...(possibleOwners ?? []), ...(preferredOwners ?? [])])]);

const hostsOf = ({ addresses }: NodeRecord): readonly string[] =>
  [addresses.peers, addresses.rest]
    .filter((url) => URL.canParse(url))
    .map((url) => canonicalAddress(new URL(url).hostname.replace(/^\[|\]$/g, '')));

/** Throws `group-refused` where an address that the group gets is a node's own. */
export const assertNotOfNodes = async (
  store: Store,
  before: GroupRecord | undefined,
  after: GroupRecord,
): Promise<void> => {
  const had = claimsOf(before).addresses;
  const gets = claimsOf(after).addresses.filter((address) => !had.includes(address));
  if (gets.length === 0) return;
  for (const [node, record] of await nodesOf(store)) {
    const taken = hostsOf(record).find((host) => gets.includes(host));
    if (taken !== undefined)
      throw new PlatenError('group-refused', `${taken} is the address of node ${node} itself: a group needs its own`);
  }
};

/** Throws `group-refused`: names are case-exact, but people are not. */
export const assertNoNearName = async (store: Store, name: string): Promise<void> => {
  const names = (await entriesBelow(store, keys.groups)).map(({ key }) => key.slice(keys.groups.length));
  const near = names.find((other) => other !== name && other.toLowerCase() === name.toLowerCase());
  if (near !== undefined)
    throw new PlatenError('group-refused', `${name} differs from group ${near} in capital letters only`);
};
