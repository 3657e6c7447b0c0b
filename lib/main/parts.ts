// What every node is made of, alone or in a cluster: its spool, its ways to devices, and how a print spooler is built from them.

import { randomUUID } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { statfs } from 'node:fs/promises';
import type { NodeStatus } from '../admin/admin-parts.js';
import type { Config } from '../config.js';
import type { Tenure } from '../model/ownership.js';
import type { Clock } from '../platform/clock.js';
import type { Log } from '../platform/log.js';
import { startDiagnosis } from '../ports/diag-child.js';
import { DiagTcpWitness } from '../ports/diag-witness.js';
import { IppPort } from '../ports/ipp-port.js';
import { LprPort } from '../ports/lpr-port.js';
import { RawPort } from '../ports/raw-port.js';
import { ProcTcpWitness } from '../ports/tcp-witness.js';
import type { Documents } from '../queue/documents.js';
import { EventLog } from '../queue/events.js';
import { PrintSpooler, type SpoolerParts } from '../queue/print-spooler.js';
import type { StoreRoom } from '../queue/store-room.js';
import type { Spool } from '../spool/spool.js';
import { DevicePoller } from '../status/device-poller.js';
import type { Store } from '../store/store.js';
import { DeviceStatus } from './device-status.js';
import type { Stops } from './stops.js';

export interface Surroundings {
  readonly config: Config;
  readonly log: Log;
  readonly clock: Clock;
  readonly stops: Stops;
}

export interface NodeMakings {
  readonly events: EventLog;
  readonly nodeStatus: () => Promise<NodeStatus>;
  /** Resolves when the group's print spooler accepts and prints. */
  startSpooler(
    tenure: Tenure,
    group: Pick<SpoolerParts, 'serverName' | 'sourceAddresses' | 'onUncertain' | 'onActivity' | 'onBegin'>,
  ): Promise<PrintSpooler>;
  /** Its devices are looked after no longer. To be called before it stops. */
  forget(spooler: PrintSpooler): void;
}

export interface Makings {
  readonly store: Store;
  readonly spool: Spool;
  readonly documents: Documents;
  readonly events: EventLog;
  readonly storeRoom: () => StoreRoom;
}

/** Events first: whatever else is made may have news. */
export const openEvents = ({ config, log, clock, stops }: Surroundings, store: Store): EventLog => {
  const events = new EventLog({ store, node: config.node.name, clock, log });
  stops.add(() => events.settled());
  return events;
};

export const nodeMakings = (
  { config, log, clock, stops }: Surroundings,
  { store, spool, documents, events, storeRoom }: Makings,
): NodeMakings => {
  const { limits, jobs, history, devicePorts, stateDirectory } = config;
  const poller = new DevicePoller({ clock, log });
  stops.add(() => poller.close());
  const deviceStatus = new DeviceStatus(poller);
  const witness = new DiagTcpWitness({ clock, log, start: startDiagnosis, fallback: new ProcTcpWitness() });
  stops.add(() => witness.close());
  const ipp = new IppPort({ clock });
  const ports = { socket: new RawPort({ clock, log, witness }), lpd: new LprPort({ clock }), ipp, ipps: ipp };
  return {
    events,
    nodeStatus: async () => {
      const { bavail, bsize } = await statfs(stateDirectory);
      return { spool: { ...spool.usage(), freeBytes: bavail * bsize, reserveBytes: limits.diskReserveBytes } };
    },
    startSpooler: async (tenure, group) => {
      const spooler = await PrintSpooler.start({
        ...group,
        tenure,
        store,
        documents,
        clock,
        log,
        events,
        ports,
        limits: {
          maxUnfinishedJobs: limits.maxUnfinishedJobs,
          multipleOperationTimeoutMs: jobs.multipleOperationTimeoutMs,
          keepOrphansMs: history.keepOrphansMs,
        },
        retention: history,
        storeRoom,
        printerDefaults: { interrupted: jobs.interrupted, maxAttempts: jobs.maxAttempts },
        devicePorts,
        resolve: async (host) => (await lookup(host, { all: true })).map(({ address }) => address),
        newUuid: randomUUID,
        pageCount: (printer) => deviceStatus.pageCount(printer),
        deviceReasons: (printer) => deviceStatus.reasons(printer),
      });
      deviceStatus.follow(spooler.printers, (printer) => spooler.lane(printer).refusals === 0);
      return spooler;
    },
    forget: (spooler) => deviceStatus.forget(spooler.printers),
  };
};
