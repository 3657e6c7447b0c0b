// Which node a group would live on if no other reason spoke: consistent hashing, so that a dead node's groups spread over those left.

import { createRequire } from 'node:module';

interface Ring {
  range(key: string, size: number): readonly string[];
}

type RingConstructor = new (nodes: Readonly<Record<string, { readonly vnodes: number }>>) => Ring;

// The package brings no types.
const HashRing = createRequire(import.meta.url)('hashring') as RingConstructor;

/** Points of each node on the ring; explicit, since relative weights move keys between nodes that stay. */
const vnodes = 100;

/** Remembers the order of nodes for each group while the set of nodes stays the same. */
export class Placement {
  #nodes: readonly string[] = [];
  #orders = new Map<string, readonly string[]>();
  #ring: Ring | undefined;

  /** The nodes in the order in which they suit the group; the same on every node that knows the same names. */
  order(group: string, names: Iterable<string>): readonly string[] {
    const nodes = [...names].toSorted();
    if (nodes.join('/') !== this.#nodes.join('/') || this.#ring === undefined) {
      this.#nodes = nodes;
      this.#orders = new Map();
      this.#ring = new HashRing(Object.fromEntries(nodes.map((node) => [node, { vnodes }])));
    }
    const known = this.#orders.get(group);
    if (known !== undefined) return known;
    const order = this.#ring.range(group, nodes.length);
    this.#orders.set(group, order);
    return order;
  }
}
