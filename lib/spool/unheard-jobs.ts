// What the nodes of a cluster know together of clients that may not have heard of their jobs: noted where the documents are.

import type { Clock } from '../platform/clock.js';
import type { Peer } from './copies.js';
import type { PeerLinks } from './peers/peer-links.js';
import type { JobPlace, UnheardLedger } from './unheard-ledger.js';

interface Parts {
  readonly node: string;
  readonly ledger: UnheardLedger;
  readonly peers: (group: string) => readonly Peer[];
  readonly links: PeerLinks;
  readonly clock: Clock;
}

export class UnheardJobs {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  accepted(job: JobPlace): void {
    this.#parts.ledger.arrived(job);
  }

  heard(job: JobPlace, holders: readonly string[]): void {
    const { ledger, peers, links } = this.#parts;
    ledger.heard(job);
    for (const peer of peers(job.group))
      if (peer.state !== 'fenced' && holders.includes(peer.node)) links.to(peer).tellHeard(job);
  }

  async known(
    group: string,
    epoch: number,
    withinMs: number,
  ): Promise<ReadonlyMap<string, ReadonlyMap<number, number>>> {
    const { node, ledger, peers, links, clock } = this.#parts;
    const known = new Map([[node, ledger.list(group, epoch)]]);
    const late = new AbortController();
    const cancel = clock.after(withinMs, () => late.abort());
    const ask = async (peer: Peer): Promise<void> => {
      const ages = await links.to(peer).unheard(group, epoch, late.signal);
      const now = clock.monotonic();
      known.set(peer.node, new Map([...ages].map(([job, ageMs]) => [job, now - ageMs])));
    };
    await Promise.allSettled(
      peers(group)
        .filter(({ state }) => state !== 'fenced')
        .map(ask),
    );
    cancel();
    return known;
  }
}
