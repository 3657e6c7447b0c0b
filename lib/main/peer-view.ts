// The other nodes as the spool sees them: where copies can be, in the order in which they suit a group.

import { groupRecord, silenceOf, type View } from '../cluster/view.js';
import { liveIncarnation } from '../model/cluster.js';
import type { Peer } from '../spool/copies.js';

const stateOf = (view: View, node: string): Peer['state'] => {
  if (liveIncarnation(view.observed.nodes.get(node)?.record) === undefined) return 'fenced';
  return (silenceOf(view, node) ?? 0) <= view.timing.heardWithinMs ? 'alive' : 'silent';
};

/** Possible owners first: a successor then has its documents already. */
const peersOf = (view: View, group: string): readonly Peer[] => {
  const { observed, me } = view;
  const possible = groupRecord(view, group)?.possibleOwners;
  const order = [...new Set([...(view.placement.get(group) ?? []), ...observed.nodes.keys()])];
  const rank = (node: string): number => (possible?.includes(node) === false ? 1 : 0);
  return order
    .toSorted((a, b) => rank(a) - rank(b))
    .flatMap((node) => {
      const record = observed.nodes.get(node)?.record;
      if (node === me || record === undefined || record.readiness.witness || record.addresses.peers === '') return [];
      return [{ node, address: record.addresses.peers, state: stateOf(view, node) }];
    });
};

export class PeerView {
  readonly #me: string;
  readonly #listeners = new Set<() => void>();
  #view: View | undefined;
  #seen = '';
  /** Group → peers, since the view changed last. */
  #peers = new Map<string, readonly Peer[]>();

  constructor(me: string) {
    this.#me = me;
  }

  /** Told at every look; listeners hear of nodes that come, go or are fenced. */
  look(view: View): void {
    this.#view = view;
    this.#peers = new Map();
    const seen = [...view.observed.nodes]
      .filter(([node]) => node !== this.#me)
      .map(([node, { record }]) => `${node} ${record.incarnation} ${record.addresses.peers} ${stateOf(view, node)}`)
      .toSorted()
      .join('\n');
    if (seen === this.#seen) return;
    this.#seen = seen;
    for (const listener of this.#listeners) listener();
  }

  of(group: string): readonly Peer[] {
    if (this.#view === undefined) return [];
    const known = this.#peers.get(group) ?? peersOf(this.#view, group);
    this.#peers.set(group, known);
    return known;
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
