// Documents on several nodes: this node's own spool, the way to the others, the server that they come to, and the sweep of what nobody needs.

import type { NodeMemory } from '../cluster/node-memory.js';
import type { ClusterConfig } from '../config.js';
import type { NodeWays } from '../platform/node-ways.js';
import type { OwnerRecord } from '../model/ownership.js';
import { DocumentSweep } from '../queue/document-sweep.js';
import type { EventLog } from '../queue/events.js';
import type { NeedQuestion } from '../spool/peers/routes.js';
import { PeerServer } from '../spool/peers/peer-server.js';
import { ReplicatedDocuments } from '../spool/replicated-documents.js';
import type { Spool } from '../spool/spool.js';
import { UnheardLedger } from '../spool/unheard-ledger.js';
import { keys } from '../store/keys.js';
import type { ClusterStore } from './cluster-store.js';
import type { Surroundings } from './parts.js';
import type { PeerView } from './peer-view.js';

export interface SharedParts extends Pick<ClusterStore, 'store' | 'secret'> {
  readonly cluster: ClusterConfig;
  readonly ways: NodeWays;
  readonly spool: Spool;
  readonly events: EventLog;
  readonly peers: PeerView;
  readonly memory: NodeMemory;
  /** Asked of this node as the owner; undefined when it is not. */
  readonly isNeeded: (question: NeedQuestion) => Promise<boolean | undefined>;
}

export interface SharedDocuments {
  readonly documents: ReplicatedDocuments;
  /** Of the server for other nodes. */
  readonly port: number;
  startSweep(): void;
}

/** Told once each, and no more than so many. */
const mostVersions = 100;

export const shareDocuments = async (
  { config, clock, log, stops }: Surroundings,
  { cluster, ways, store, secret, spool, events, peers, memory, isNeeded }: SharedParts,
): Promise<SharedDocuments> => {
  const node = config.node.name;
  const unheard = new UnheardLedger(clock);
  const versions = new Set<string>();
  const onOtherVersion = (because: string): void => {
    if (versions.has(because) || versions.size >= mostVersions) return;
    versions.add(because);
    events.note('peer-version', { text: because });
  };
  const documents = new ReplicatedDocuments({
    node,
    spool,
    peers: (group) => peers.of(group),
    onPeersChange: (listener) => peers.onChange(listener),
    ways,
    secret,
    ledger: unheard,
    onOtherVersion,
    policy: cluster,
    clock,
    log,
    events,
  });
  stops.add(async () => {
    await documents.settled();
    documents.close();
  });
  const server = new PeerServer({
    spool,
    ways,
    secret,
    clock,
    log,
    unheard,
    onOtherVersion,
    epochOf: async (group) =>
      ((await store.get(keys.owner(group)))?.value as unknown as OwnerRecord | undefined)?.epoch,
    isNeeded,
  });
  stops.add(() => server.close());
  const port = await server.listen({ host: cluster.address, port: cluster.port });
  const sweep = new DocumentSweep({
    node,
    store,
    spool,
    isNeeded: (owner, question) => (owner === node ? isNeeded(question) : documents.isNeeded(owner, question)),
    checkEpoch: (group, epoch) => memory.check(group, epoch),
    keepOrphansMs: config.history.keepOrphansMs,
    clock,
    log,
    events,
  });
  return {
    documents,
    port,
    startSweep: () => {
      sweep.start();
      stops.add(() => sweep.stop());
    },
  };
};
