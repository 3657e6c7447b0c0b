// The composition root: builds a node's parts in order, and stops them in reverse. Nothing below knows how it is put together.

import { isIPv6 } from 'node:net';
import { AdminServer } from './admin/admin-server.js';
import type { Watchdog } from './cluster/watchdog.js';
import type { Config } from './config.js';
import type { Bound } from './main/doors.js';
import { startMember } from './main/member.js';
import { startSoleNode } from './main/sole-node.js';
import { Stops, type StopOptions } from './main/stops.js';
import { type Clock, systemClock } from './platform/clock.js';
import { ensureDirectory } from './platform/durable-file.js';
import type { Log } from './platform/log.js';
import { ensureToken } from './platform/token.js';
import { version } from './platform/version.js';
import { Spool } from './spool/spool.js';
import { openEmbeddedStore } from './store/embedded/embedded-store.js';

export interface NodeParts {
  readonly config: Config;
  readonly log: Log;
  readonly clock?: Clock;
  /** Told once when the node must leave its duty at once: the disk or the store cannot be trusted. */
  readonly onFailure: (error: unknown) => void;
  /** The supervisor, where this is a node of a cluster. */
  readonly watchdog?: Watchdog;
  /** For tests that put something between the node and its disk. */
  readonly openStore?: typeof openEmbeddedStore;
  readonly openSpool?: typeof Spool.open;
}

export interface RunningNode {
  readonly listening: readonly (
    | Bound
    | { readonly protocol: 'rest' | 'peers'; readonly address: string; readonly port: number }
  )[];
  /** What is being sent to devices, in words. */
  sending(): readonly string[];
  /** Takes nothing new, lets documents being sent end for `cutOffAfterMs`, and leaves everything on record. */
  stop(options: StopOptions): Promise<void>;
}

const urlOf = ({ address, port }: { address: string; port: number }): string =>
  `http://${isIPv6(address) ? `[${address}]` : address}:${port}`;

/** Resolves when everything listens. What was started is stopped again when a part cannot be had. */
export const startNode = async ({
  config,
  log,
  clock = systemClock,
  onFailure,
  watchdog,
  openStore = openEmbeddedStore,
  openSpool = (options) => Spool.open(options),
}: NodeParts): Promise<RunningNode> => {
  const stops = new Stops();
  const around = { config, log, clock, stops };
  const { stateDirectory, limits, cluster } = config;
  try {
    await ensureDirectory(stateDirectory);
    const member = cluster && (await startMember(around, { cluster, openSpool, onFailure, watchdog }));
    const { makings, servers } = member ?? (await startSoleNode(around, { openStore, openSpool }, onFailure));
    const { events } = makings;
    const node = config.node.name;
    const admin = await AdminServer.create({
      servers,
      ...(member === undefined ? {} : { cluster: member.face }),
      events,
      token: await ensureToken(stateDirectory),
      node: { name: node, version, startedAt: clock.wall() },
      nodeStatus: makings.nodeStatus,
      names: [],
      limits,
      log,
      clock,
    });
    stops.add(() => admin.close());
    const { address } = config.admin;
    const { port } = await admin.listen({ host: address, port: config.admin.port });
    const rest = { protocol: 'rest', address, port } as const;
    const peers = member && ({ protocol: 'peers', address: cluster?.address ?? '', port: member.peerPort } as const);
    if (peers !== undefined) await member?.begin({ peers: urlOf(peers), rest: urlOf(rest) });
    events.note('node-started', { text: `Platen ${version}` });
    stops.add(() => events.note('node-stopping', { text: '' }));
    const bound = servers.flatMap((server) => server.bound);
    return {
      listening: [...bound, ...(peers === undefined ? [] : [peers]), rest],
      sending: () => servers.flatMap(({ online }) => online?.sending() ?? []),
      stop: (options) => stops.run(options),
    };
  } catch (error) {
    await stops.run({ cutOffAfterMs: 0 });
    throw error;
  }
};
