// Nodes of a cluster as far as documents go: real spools in directories of their own, real servers on 127.0.0.1. Who is alive is the test's.

import { createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import type { Test } from 'tap';
import type { Clock } from '../../lib/platform/clock.js';
import { systemClock } from '../../lib/platform/clock.js';
import { silentLog } from '../../lib/platform/log.js';
import { type NodeWays, plainWays } from '../../lib/platform/node-ways.js';
import type { Peer } from '../../lib/spool/copies.js';
import { PeerServer, type PeerServerParts } from '../../lib/spool/peers/peer-server.js';
import { ReplicatedDocuments, type ReplicatedParts } from '../../lib/spool/replicated-documents.js';
import { Spool, type SpoolOptions } from '../../lib/spool/spool.js';
import { UnheardLedger } from '../../lib/spool/unheard-ledger.js';
import { MiB } from './spool.js';
import { temporaryDirectory } from './temporary.js';

export const secret = 'the secret of these nodes';

/** Nodes and what is known of them; every node sees the same. */
export class Peers {
  readonly all = new Map<string, Peer>();
  readonly #listeners = new Set<() => void>();

  set(peer: Peer): void {
    this.all.set(peer.node, peer);
    for (const listener of this.#listeners) listener();
  }

  become(node: string, state: Peer['state']): void {
    const peer = this.all.get(node);
    if (peer !== undefined) this.set({ ...peer, state });
  }

  without(node: string): readonly Peer[] {
    return [...this.all.values()].filter((peer) => peer.node !== node);
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

export interface SpoolNode {
  readonly node: string;
  readonly directory: string;
  readonly spool: Spool;
  readonly documents: ReplicatedDocuments;
  readonly events: string[];
  readonly address: string;
  /** As a kill leaves it, for the others: nothing listens any more. */
  readonly die: () => Promise<void>;
}

export interface NodeOptions {
  readonly policy?: Partial<ReplicatedParts['policy']>;
  readonly clock?: Clock;
  readonly spool?: Partial<SpoolOptions>;
  readonly server?: Partial<PeerServerParts>;
  readonly directory?: string;
  readonly ways?: NodeWays;
}

export const startNode = async (t: Test, peers: Peers, node: string, options: NodeOptions = {}): Promise<SpoolNode> => {
  const directory = options.directory ?? (await temporaryDirectory(t));
  const clock = options.clock ?? systemClock;
  const ways = options.ways ?? plainWays;
  const spool = await Spool.open({
    directory,
    limits: { reserveBytes: MiB, maxDocumentBytes: 1024 * MiB },
    clock,
    log: silentLog,
    ...options.spool,
  });
  const ledger = new UnheardLedger(clock);
  const server = new PeerServer({
    spool,
    ways,
    secret,
    clock,
    unheard: ledger,
    onOtherVersion: () => undefined,
    log: silentLog,
    epochOf: async () => 1,
    isNeeded: async () => undefined,
    ...options.server,
  });
  const address = `${ways.scheme}://127.0.0.1:${await server.listen({ host: '127.0.0.1', port: 0 })}`;
  const events: string[] = [];
  const documents = new ReplicatedDocuments({
    node,
    spool,
    peers: () => peers.without(node),
    onPeersChange: (listener) => peers.onChange(listener),
    ways,
    secret,
    ledger,
    onOtherVersion: () => events.push('peer-version'),
    policy: {
      minCopies: 2,
      degradedAccept: 'node-lost',
      peerTimeoutMs: 2_000,
      repairAfterMs: 60_000,
      scrubEveryMs: 3_600_000,
      ...options.policy,
    },
    clock,
    log: silentLog,
    events: { note: (code) => events.push(code) },
  });
  let dead: Promise<void> | undefined;
  const die = (): Promise<void> => (dead ??= server.close());
  t.teardown(async () => {
    documents.close();
    await die();
    await spool.close();
  });
  peers.set({ node, address, state: 'alive' });
  return { node, directory, spool, documents, events, address, die };
};

/** A node's address where something else answers, or nothing: `serve` gets each connection. */
export const startStranger = async (
  t: Test,
  serve: (socket: Socket) => void = () => undefined,
): Promise<{ readonly address: string; readonly sockets: Set<Socket>; readonly server: Server }> => {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    serve(socket);
  });
  await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port: 0 }, resolve));
  t.teardown(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return { address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, sockets, server };
};
