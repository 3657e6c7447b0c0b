// Pure: on which nodes a document is put, and on how many it must be before its client hears "yes" (DESIGN section 6, R15, R20).

/** A node other than this one that has a spool. `silent`: not heard of for a while. `fenced`: known dead. */
export interface Peer {
  readonly node: string;
  /** `http://host:port`. */
  readonly address: string;
  readonly state: 'alive' | 'silent' | 'fenced';
}

export interface CopyPolicy {
  /** This node's included. */
  readonly minCopies: number;
  readonly degradedAccept: 'never' | 'node-lost' | 'always';
}

/** In the order in which they are tried; `isSlow` says of a node that it took too long just now. */
export const candidates = (peers: readonly Peer[], isSlow: (node: string) => boolean): readonly Peer[] => {
  const rank = ({ node, state }: Peer): number => (state === 'silent' ? 2 : isSlow(node) ? 1 : 0);
  return peers.filter(({ state }) => state !== 'fenced').toSorted((a, b) => rank(a) - rank(b));
};

/** Nodes that are not known dead, this one included: where documents can be. */
const living = (peers: readonly Peer[]): number => 1 + peers.filter(({ state }) => state !== 'fenced').length;

/** `short`: fewer than there should be, and yet the document is taken. */
export type CopyVerdict = 'enough' | 'short' | 'too-few';

/** Judges so many copies, this node's included. */
export const judge = (copies: number, policy: CopyPolicy, peers: readonly Peer[]): CopyVerdict => {
  if (copies >= policy.minCopies) return 'enough';
  switch (policy.degradedAccept) {
    case 'never':
      return 'too-few';
    case 'always':
      return 'short';
    case 'node-lost':
      // A node that is slow or full does not count as lost.
      return copies >= living(peers) ? 'short' : 'too-few';
    default:
      return policy.degradedAccept satisfies never;
  }
};

/** What is lacking to a document on these nodes, this one perhaps among them. */
export const lackOf = (
  holders: readonly string[],
  { node, minCopies, peers }: { node: string; minCopies: number; peers: readonly Peer[] },
): 'nothing' | 'never-made' | 'lost' => {
  const alive = new Set([node, ...peers.filter(({ state }) => state !== 'fenced').map((peer) => peer.node)]);
  const wanted = Math.min(minCopies, alive.size);
  if (holders.filter((holder) => alive.has(holder)).length >= wanted) return 'nothing';
  return holders.length < minCopies ? 'never-made' : 'lost';
};
