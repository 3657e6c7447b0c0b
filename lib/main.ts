// The composition root: builds a node's parts in order, and stops them in reverse. Nothing below knows how it is put together.

import { randomBytes, randomUUID } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { statfs } from 'node:fs/promises';
import path from 'node:path';
import { AdminServer } from './admin/admin-server.js';
import { ensureToken } from './platform/token.js';
import { NodeMemory } from './cluster/node-memory.js';
import { SoleOwnership } from './cluster/sole-ownership.js';
import type { Config } from './config.js';
import { DeviceStatus } from './main/device-status.js';
import { type Bound, ServedGroup } from './main/virtual-server.js';
import { type Clock, systemClock } from './platform/clock.js';
import { ensureDirectory } from './platform/durable-file.js';
import type { Log } from './platform/log.js';
import { version } from './platform/version.js';
import { IppPort } from './ports/ipp-port.js';
import { LprPort } from './ports/lpr-port.js';
import { DiagTcpWitness } from './ports/diag-witness.js';
import { RawPort } from './ports/raw-port.js';
import { ProcTcpWitness } from './ports/tcp-witness.js';
import { EventLog } from './queue/events.js';
import { PrintSpooler } from './queue/print-spooler.js';
import { SoleDocuments } from './spool/sole-documents.js';
import { Spool } from './spool/spool.js';
import { DevicePoller } from './status/device-poller.js';
import { openEmbeddedStore } from './store/embedded/embedded-store.js';

export interface NodeParts {
  readonly config: Config;
  readonly log: Log;
  readonly clock?: Clock;
  /** Told once when the node must leave its duty at once: the disk or the store cannot be trusted. */
  readonly onFailure: (error: unknown) => void;
  /** For tests that put something between the node and its disk. */
  readonly openStore?: typeof openEmbeddedStore;
  readonly openSpool?: typeof Spool.open;
}

export interface RunningNode {
  readonly listening: readonly (
    | Bound
    | { readonly protocol: 'rest'; readonly address: string; readonly port: number }
  )[];
  /** Takes nothing new, lets documents being sent end for `cutOffAfterMs`, and leaves everything on record. */
  stop(options: { readonly cutOffAfterMs: number }): Promise<void>;
}

/** Resolves when everything listens. What was started is stopped again when a part cannot be had. */
export const startNode = async ({
  config,
  log,
  clock = systemClock,
  onFailure,
  openStore = openEmbeddedStore,
  openSpool = (options) => Spool.open(options),
}: NodeParts): Promise<RunningNode> => {
  const stops: ((options: { cutOffAfterMs: number }) => Promise<void> | void)[] = [];
  const stop = async (options: { readonly cutOffAfterMs: number }): Promise<void> => {
    for (const one of stops.splice(0).reverse()) await one(options);
  };
  const { stateDirectory, limits, jobs } = config;
  const node = config.node.name;
  try {
    await ensureDirectory(stateDirectory);
    let lost = false;
    const fail = (error: unknown): void => {
      lost = true;
      onFailure(error);
    };
    const store = await openStore({ directory: path.join(stateDirectory, 'store'), log, clock, onFailure: fail });
    stops.push(() => store.close());
    const ownership = new SoleOwnership({
      store,
      node,
      incarnation: randomBytes(16).toString('hex'),
      memory: await NodeMemory.open(stateDirectory),
      isLost: () => lost,
    });
    const spool = await openSpool({
      directory: stateDirectory,
      limits: { reserveBytes: limits.diskReserveBytes, maxDocumentBytes: limits.maxDocumentBytes },
      clock,
      log,
      onFailure: fail,
    });
    stops.push(() => spool.close());
    const events = new EventLog({ store, node, clock, log });
    await events.load();
    stops.push(() => events.settled());
    const poller = new DevicePoller({ clock, log });
    stops.push(() => poller.close());
    const deviceStatus = new DeviceStatus(poller);
    const witness = new DiagTcpWitness({ clock, log, fallback: new ProcTcpWitness() });
    stops.push(() => witness.close());
    const raw = new RawPort({ clock, log, witness });
    const ipp = new IppPort({ clock });
    const ports = { socket: raw, lpd: new LprPort({ clock }), ipp, ipps: ipp };

    const groups: ServedGroup[] = [];
    for (const groupConfig of config.groups) {
      const served = new ServedGroup({
        config: groupConfig,
        limits,
        multipleOperationTimeoutMs: jobs.multipleOperationTimeoutMs,
        clock,
        log,
        version,
      });
      groups.push(served);
      const spooler = await PrintSpooler.start({
        tenure: await ownership.claim(groupConfig.name),
        store,
        documents: new SoleDocuments({ spool, node }),
        clock,
        log,
        events,
        ports,
        serverName: groupConfig.networkName ?? groupConfig.name,
        limits: {
          maxUnfinishedJobs: limits.maxUnfinishedJobs,
          multipleOperationTimeoutMs: jobs.multipleOperationTimeoutMs,
          keepOrphansMs: config.history.keepOrphansMs,
        },
        retention: config.history,
        printerDefaults: { interrupted: jobs.interrupted, maxAttempts: jobs.maxAttempts },
        devicePorts: config.devicePorts,
        resolve: async (host) => (await lookup(host, { all: true })).map(({ address }) => address),
        newUuid: randomUUID,
        pageCount: (printer) => deviceStatus.pageCount(printer),
        deviceReasons: (printer) => deviceStatus.reasons(printer),
        onUncertain: fail,
      });
      stops.push(({ cutOffAfterMs }) => spooler.stop(cutOffAfterMs));
      for (const seed of groupConfig.printers)
        if (spooler.printers.get(seed.name) === undefined) await spooler.addPrinter(seed);
      deviceStatus.follow(spooler.printers, (printer) => spooler.lane(printer).refusals === 0);
      served.online = spooler;
      stops.push(() => served.close());
      await served.listen();
    }

    const admin = await AdminServer.create({
      servers: groups,
      events,
      token: await ensureToken(stateDirectory),
      node: { name: node, version, startedAt: clock.wall() },
      nodeStatus: async () => {
        const { bavail, bsize } = await statfs(stateDirectory);
        return { spool: { ...spool.usage(), freeBytes: bavail * bsize, reserveBytes: limits.diskReserveBytes } };
      },
      names: [],
      limits,
      log,
      clock,
    });
    stops.push(() => admin.close());
    const { address } = config.admin;
    const { port } = await admin.listen({ host: address, port: config.admin.port });
    events.note('node-started', { text: `Platen ${version}` });
    stops.push(() => events.note('node-stopping', { text: '' }));
    return { listening: [...groups.flatMap(({ bound }) => bound), { protocol: 'rest', address, port }], stop };
  } catch (error) {
    await stop({ cutOffAfterMs: 0 });
    throw error;
  }
};
