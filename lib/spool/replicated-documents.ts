// Documents of a node in a cluster: its own spool, and copies on as many other nodes as there must be (DESIGN section 6, "Copies").

import { PlatenError } from '../errors.js';
import { copyOn, type StoredDocument } from '../model/document.js';
import type { EventCode } from '../model/event.js';
import type { Clock } from '../platform/clock.js';
import type { Log } from '../platform/log.js';
import type { NodeWays } from '../platform/node-ways.js';
import { candidates, type CopyPolicy, judge, type Peer } from './copies.js';
import { Copying } from './copying.js';
import type { DocumentKey } from './layout.js';
import { PeerLinks } from './peers/peer-links.js';
import type { NeedQuestion } from './peers/routes.js';
import { type CarePolicy, Replication } from './replication.js';
import { type ListedDocument, SoleDocuments } from './sole-documents.js';
import type { ReceiveRequestOptions, Spool } from './spool.js';
import { UnheardJobs } from './unheard-jobs.js';
import type { UnheardLedger } from './unheard-ledger.js';

export interface ReplicatedParts {
  readonly node: string;
  readonly spool: Spool;
  /** The other nodes that have a spool, in the order in which they suit the group. */
  readonly peers: (group: string) => readonly Peer[];
  /** The listener is called when nodes come, go or are fenced; the function returned takes it off. */
  readonly onPeersChange: (listener: () => void) => () => void;
  readonly ways: NodeWays;
  readonly secret: string;
  readonly ledger: UnheardLedger;
  readonly onOtherVersion: (because: string) => void;
  readonly policy: CopyPolicy & CarePolicy & { readonly peerTimeoutMs: number };
  readonly clock: Clock;
  readonly log: Log;
  readonly events: { note(code: EventCode, fields: { readonly group?: string; readonly text: string }): void };
}

export class ReplicatedDocuments extends SoleDocuments {
  readonly replication: Replication;
  readonly unheard: UnheardJobs;
  readonly #parts: ReplicatedParts;
  readonly #links: PeerLinks;
  /** Groups whose documents are on fewer nodes than they should be. */
  readonly #short = new Set<string>();

  constructor(parts: ReplicatedParts) {
    super(parts);
    const { policy, events } = parts;
    this.#parts = parts;
    this.#links = new PeerLinks({
      ...parts,
      me: parts.node,
      timeoutMs: policy.peerTimeoutMs,
      onSlow: (node, because) => events.note('peer-dropped', { text: `${node}: ${because}` }),
      onBack: (node) => events.note('peer-back', { text: node }),
    });
    this.replication = new Replication({ ...parts, links: this.#links });
    this.unheard = new UnheardJobs({ ...parts, links: this.#links });
  }

  override async receive(
    key: DocumentKey,
    source: AsyncIterable<Uint8Array>,
    options: ReceiveRequestOptions = {},
  ): Promise<ListedDocument> {
    const { node, spool, policy } = this.#parts;
    const wanted = policy.minCopies - 1;
    if (wanted === 0) return super.receive(key, source, options);
    const copying = new Copying({
      key,
      peers: candidates(this.#parts.peers(key.group), (peer) => this.#links.isSlow(peer)),
      wanted,
      linkTo: (peer) => this.#links.to(peer),
      onFailure: (peer, error) => this.#links.failed(peer, error),
    });
    try {
      const follow = copying.start.bind(copying);
      const { epoch, file, length, sha256 } = await spool.receive(key, source, { ...options, follow });
      try {
        await copying.settled(options.signal);
        options.signal?.throwIfAborted();
        this.#assertEnough(key.group, 1 + copying.done.size);
      } catch (error) {
        await spool.remove(key.group, { epoch, file, length, sha256 });
        throw error;
      }
      copying.end();
      return { epoch, length, sha256, holders: { [node]: file, ...Object.fromEntries(copying.done) } };
    } catch (error) {
      // Length and hash count for nothing but figures here.
      const { epoch } = key;
      copying.giveUp((peer, file) => this.#links.to(peer).remove(key.group, { epoch, file, length: 0, sha256: '' }));
      throw error;
    }
  }

  override async remove(group: string, document: StoredDocument): Promise<void> {
    await super.remove(group, document);
    for (const peer of this.#parts.peers(group)) {
      const copy = copyOn(document, peer.node);
      // What a node that is dead has its own sweep finds.
      if (copy !== undefined && peer.state !== 'fenced') this.#links.to(peer).remove(group, copy);
    }
  }

  /** Asks another node, the owner at that epoch; undefined when it is not, or does not answer. */
  async isNeeded(owner: string, question: NeedQuestion): Promise<boolean | undefined> {
    const peer = this.#parts.peers(question.group).find(({ node }) => node === owner);
    if (peer === undefined) return undefined;
    return this.#links
      .to(peer)
      .isNeeded(question)
      .catch(() => undefined);
  }

  /** Resolves when removals under way are told. */
  settled(): Promise<void> {
    return this.#links.settled();
  }

  close(): void {
    this.#links.close();
  }

  #assertEnough(group: string, copies: number): void {
    const { policy, peers, events } = this.#parts;
    const verdict = judge(copies, policy, peers(group));
    if (verdict === 'too-few')
      throw new PlatenError('too-few-copies', `the document is on ${copies} of ${policy.minCopies} nodes`);
    if ((verdict === 'short') === this.#short.has(group)) return;
    if (verdict === 'short') {
      this.#short.add(group);
      events.note('copies-short', { group, text: `${copies} of ${policy.minCopies}` });
    } else {
      this.#short.delete(group);
      events.note('copies-enough', { group, text: `${copies}` });
    }
  }
}
