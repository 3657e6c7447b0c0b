// The copies of one document on other nodes, made while it comes in: a node that fails is replaced by the next one, which gets the document
// from its first octet.

import type { Peer } from './copies.js';
import type { DocumentKey } from './layout.js';
import type { PeerLink } from './peers/peer-link.js';
import type { Arriving } from './receive.js';

export interface CopyingParts {
  readonly key: DocumentKey;
  /** In the order in which they are tried, each once. */
  readonly peers: readonly Peer[];
  /** So many copies are made, if there are nodes for them. */
  readonly wanted: number;
  readonly linkTo: (peer: Peer) => PeerLink;
  readonly onFailure: (peer: Peer, error: unknown) => void;
}

export class Copying {
  readonly #parts: CopyingParts;
  /** Node → name of the copy there. */
  readonly done = new Map<string, string>();
  readonly #donePeers: Peer[] = [];
  #tried = 0;
  #running = 0;
  #arriving: Arriving | undefined;
  #abort: AbortController | undefined;
  #isGivenUp = false;
  #remove: ((peer: Peer, file: string) => void) | undefined;
  #onIdle: (() => void) | undefined;

  constructor(parts: CopyingParts) {
    this.#parts = parts;
  }

  start(arriving: Arriving): void {
    this.#arriving = arriving;
    this.#fill(arriving);
  }

  /** Resolves when all copies are made that can be made, or the signal aborts. */
  async settled(signal?: AbortSignal): Promise<void> {
    if (this.#running === 0) return;
    await new Promise<void>((resolve) => {
      this.#onIdle = resolve;
      signal?.addEventListener('abort', () => resolve(), { once: true });
    });
  }

  /** To be called when `settled` has resolved and the copies count: nobody follows the document any more. */
  end(): void {
    if (this.#arriving?.kind === 'growing') this.#arriving.file.close();
  }

  /** Instead of `end`: leaves no copy anywhere; whatever is under way is broken off, whatever arrives yet is told to go. `remove` tells it. */
  giveUp(remove: (peer: Peer, file: string) => void): void {
    this.#isGivenUp = true;
    this.#remove = remove;
    this.#abort?.abort();
    this.end();
    for (const peer of this.#donePeers) remove(peer, this.done.get(peer.node) ?? '');
  }

  #fill(arriving: Arriving): void {
    const { peers, wanted } = this.#parts;
    while (!this.#isGivenUp && this.done.size + this.#running < wanted) {
      const peer = peers[this.#tried];
      if (peer === undefined) break;
      this.#tried += 1;
      this.#running += 1;
      void this.#copy(peer, arriving);
    }
    if (this.#running === 0) this.#onIdle?.();
  }

  async #copy(peer: Peer, arriving: Arriving): Promise<void> {
    const { key, linkTo, onFailure } = this.#parts;
    try {
      const file = await linkTo(peer).copy(key, arriving, () => (this.#abort ??= new AbortController()).signal);
      if (this.#isGivenUp) this.#remove?.(peer, file);
      else {
        this.done.set(peer.node, file);
        this.#donePeers.push(peer);
      }
    } catch (error) {
      if (!this.#isGivenUp) onFailure(peer, error);
    } finally {
      this.#running -= 1;
      this.#fill(arriving);
    }
  }
}
