// Copies beyond those that were made when a document came in: fetched from another node, made again elsewhere, read through.

import { setImmediate as nextTurn } from 'node:timers/promises';
import { PlatenError } from '../errors.js';
import { copyOn, type DocumentCopy, type StoredDocument, withCopies, withoutCopy } from '../model/document.js';
import type { Log } from '../platform/log.js';
import { candidates, type CopyPolicy, lackOf, type Peer } from './copies.js';
import type { DocumentKey } from './layout.js';
import type { PeerLinks } from './peers/peer-links.js';
import type { Verdict } from './read.js';
import type { Spool } from './spool.js';

interface Parts {
  readonly node: string;
  readonly spool: Spool;
  readonly peers: (group: string) => readonly Peer[];
  readonly onPeersChange: (listener: () => void) => () => void;
  readonly policy: CopyPolicy & CarePolicy;
  readonly links: PeerLinks;
  readonly log: Log;
}

export interface CarePolicy {
  readonly repairAfterMs: number;
  readonly scrubEveryMs: number;
}

/** A large document is read through slowly over there, beside its other work. */
const verifyTimeoutMs = 3_600_000;

export class Replication {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  get carePolicy(): CarePolicy {
    return this.#parts.policy;
  }

  onPeersChange(listener: () => void): () => void {
    return this.#parts.onPeersChange(listener);
  }

  async fetch(key: DocumentKey, document: StoredDocument, signal: AbortSignal): Promise<StoredDocument> {
    const { node, links, log } = this.#parts;
    const missed: string[] = [];
    for (const peer of this.#holders(key.group, document)) {
      try {
        const copy = await this.#fetchFrom(peer, { key, document, signal });
        await this.#putAside(key.group, document);
        return withCopies(document, [[node, copy]]);
      } catch (error) {
        signal.throwIfAborted();
        log.warn({ ...key, from: peer.node, err: error }, 'a document could not be fetched');
        missed.push(`${peer.node} (${error instanceof Error ? error.message : String(error)})`);
        if (error instanceof PlatenError && error.code === 'peer-failed') links.failed(peer, error);
      }
    }
    throw new PlatenError('document-damaged', missingText(this.#unasked(key.group, document), missed));
  }

  lacks(group: string, document: StoredDocument): 'nothing' | 'never-made' | 'lost' {
    const { node, policy, peers } = this.#parts;
    const { minCopies } = policy;
    return lackOf(Object.keys(document.holders), { node, minCopies, peers: peers(group) });
  }

  async replicate(key: DocumentKey, document: StoredDocument, signal: AbortSignal): Promise<StoredDocument> {
    const { links, peers } = this.#parts;
    let copied = document;
    for (const peer of candidates(peers(key.group), (node) => links.isSlow(node))) {
      if (this.lacks(key.group, copied) === 'nothing') break;
      if (copyOn(copied, peer.node) !== undefined) continue;
      try {
        copied = withCopies(copied, [[peer.node, await this.#copyTo(peer, { key, document, signal })]]);
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof PlatenError) || error.code !== 'peer-failed') throw error;
        links.failed(peer, error);
      }
    }
    return copied;
  }

  async scrub(group: string, document: StoredDocument, signal: AbortSignal): Promise<StoredDocument> {
    let good = document;
    for (const [node, name] of Object.entries(document.holders)) {
      signal.throwIfAborted();
      const copy = copyOn(document, node);
      const verdict = copy === undefined ? 'intact' : await this.#verify(group, node, { copy, signal });
      // Other work comes first.
      await nextTurn();
      if (verdict === 'intact' || verdict === 'unknown') continue;
      this.#parts.log.warn({ group, node, name, verdict }, 'a copy of a document is not what was received');
      good = withoutCopy(good, node, name);
    }
    return good;
  }

  /** Deletes copies that are not on record after all: those that `after` lists and `before` does not. */
  async forget(group: string, before: StoredDocument, after: StoredDocument): Promise<void> {
    const { node, spool, links, peers } = this.#parts;
    for (const [holder, name] of Object.entries(after.holders)) {
      const copy = copyOn(after, holder);
      if (before.holders[holder] === name || copy === undefined) continue;
      const peer = peers(group).find((one) => one.node === holder);
      if (holder === node) await spool.remove(group, copy);
      else if (peer !== undefined) links.to(peer).remove(group, copy);
    }
  }

  /** Nodes that should have it and may be asked, the best first. */
  #holders(group: string, document: StoredDocument): readonly Peer[] {
    const { peers, links } = this.#parts;
    const holders = peers(group).filter(({ node }) => copyOn(document, node) !== undefined);
    return candidates(holders, (node) => links.isSlow(node));
  }

  /** Nodes that should have it and are not there to be asked. */
  #unasked(group: string, document: StoredDocument): string[] {
    const asked = new Set([this.#parts.node, ...this.#holders(group, document).map(({ node }) => node)]);
    return Object.keys(document.holders).filter((node) => !asked.has(node));
  }

  async #fetchFrom(
    peer: Peer,
    { key, document, signal }: { key: DocumentKey; document: StoredDocument; signal: AbortSignal },
  ): Promise<DocumentCopy> {
    const { spool, links } = this.#parts;
    const there = copyOn(document, peer.node);
    if (there === undefined) throw new PlatenError('document-damaged');
    const { length, sha256 } = document;
    const source = links.to(peer).read(key.group, there, signal);
    const copy = await spool.receive(key, source, { expectedBytes: length, signal });
    if (copy.sha256 === sha256) return copy;
    await spool.remove(key.group, copy);
    throw new PlatenError('document-damaged', 'its SHA-256 differs');
  }

  async #copyTo(
    peer: Peer,
    { key, document, signal }: { key: DocumentKey; document: StoredDocument; signal: AbortSignal },
  ): Promise<DocumentCopy> {
    const { node, spool, links } = this.#parts;
    const here = copyOn(document, node);
    if (here === undefined) throw new PlatenError('document-damaged', 'no copy of the document is on this node');
    const { length, sha256 } = document;
    const { epoch } = key;
    const file = await links.to(peer).send(key, { octets: spool.read(key.group, here), length, sha256 }, signal);
    return { epoch, file, length, sha256 };
  }

  /** A copy here that the record lists was found to be bad, or another one would not have been fetched. */
  async #putAside(group: string, document: StoredDocument): Promise<void> {
    const { node, spool } = this.#parts;
    const bad = copyOn(document, node);
    if (bad !== undefined) await spool.quarantine(group, bad);
  }

  async #verify(
    group: string,
    node: string,
    { copy, signal }: { copy: DocumentCopy; signal: AbortSignal },
  ): Promise<Verdict | 'unknown'> {
    const { spool, links, peers, node: me } = this.#parts;
    if (node === me) return spool.verify(group, copy);
    const peer = peers(group).find((one) => one.node === node);
    if (peer?.state !== 'alive') return 'unknown';
    return links
      .to(peer)
      .verify(group, copy, { timeoutMs: verifyTimeoutMs, signal })
      .catch(() => 'unknown' as const);
  }
}

const missingText = (unasked: readonly string[], missed: readonly string[]): string => {
  const away = unasked.length === 0 ? '' : `: it is on ${unasked.join(', ')}, not there now`;
  const failed = missed.length === 0 ? '' : `; not given by ${missed.join(', ')}`;
  return `the document cannot be had${away}${failed}`;
};
