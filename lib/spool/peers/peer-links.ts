// Links to the other nodes, and which of them took too long just now: those are asked in the background until they answer (R20).

import type { Clock } from '../../platform/clock.js';
import type { Log } from '../../platform/log.js';
import type { NodeWays } from '../../platform/node-ways.js';
import type { Peer } from '../copies.js';
import { OtherVersion } from './http-call.js';
import { PeerLink } from './peer-link.js';

export interface PeerLinksParts {
  readonly me: string;
  readonly ways: NodeWays;
  readonly secret: string;
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly log: Log;
  /** Told when a node takes no documents in time, and when it answers again. */
  readonly onSlow: (node: string, because: string) => void;
  readonly onBack: (node: string) => void;
  /** Told when a node is found to speak another version of the protocol. */
  readonly onOtherVersion: (because: string) => void;
}

const firstProbeMs = 1_000;
/** A node that answers and yet takes nothing, because its disk is full, is tried ever more seldom. */
const lastProbeMs = 60_000;

interface Slow {
  readonly waitMs: number;
  /** Takes its next probe back. */
  readonly cancel: () => void;
}

export class PeerLinks {
  readonly #parts: PeerLinksParts;
  readonly #links = new Map<string, PeerLink>();
  readonly #slow = new Map<string, Slow>();
  /** Nodes that were slow and answer again: when that was, and how long they were left alone before. */
  readonly #back = new Map<string, { readonly at: number; readonly waitMs: number }>();
  #isClosed = false;

  constructor(parts: PeerLinksParts) {
    this.#parts = parts;
  }

  /** A node that came back at another address has another link. */
  to({ node, address }: Pick<Peer, 'node' | 'address'>): PeerLink {
    const known = this.#links.get(node);
    if (known?.address === address) return known;
    known?.close();
    const link = new PeerLink({ ...this.#parts, node, address });
    this.#links.set(node, link);
    return link;
  }

  isSlow(node: string): boolean {
    return this.#slow.has(node);
  }

  /** A document was not taken there: until the node answers a question, others are preferred. */
  failed(peer: Peer, error: unknown): void {
    const { node } = peer;
    if (this.#isClosed || this.#slow.has(node)) return;
    const because = error instanceof Error ? error.message : String(error);
    this.#parts.log.warn({ node, err: error }, 'another node did not take a document');
    this.#parts.onSlow(node, because);
    if (error instanceof OtherVersion) this.#parts.onOtherVersion(`${node}: ${because}`);
    const back = this.#back.get(node);
    const isAgain = back !== undefined && this.#parts.clock.monotonic() - back.at < lastProbeMs;
    this.#probeLater(peer, isAgain ? Math.min(lastProbeMs, 2 * back.waitMs) : firstProbeMs);
  }

  async settled(): Promise<void> {
    await Promise.all([...this.#links.values()].map((link) => link.settled()));
  }

  close(): void {
    this.#isClosed = true;
    for (const { cancel } of this.#slow.values()) cancel();
    for (const link of this.#links.values()) link.close();
  }

  #probeLater(peer: Peer, waitMs: number): void {
    const cancel = this.#parts.clock.after(waitMs, () => void this.#probe(peer, waitMs));
    this.#slow.set(peer.node, { waitMs, cancel });
  }

  async #probe(peer: Peer, waitMs: number): Promise<void> {
    try {
      // At its present address, where that has changed.
      await (this.#links.get(peer.node) ?? this.to(peer)).probe();
    } catch {
      if (!this.#isClosed) this.#probeLater(peer, waitMs);
      return;
    }
    this.#slow.delete(peer.node);
    this.#back.set(peer.node, { at: this.#parts.clock.monotonic(), waitMs });
    this.#parts.onBack(peer.node);
  }
}
