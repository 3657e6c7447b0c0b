// A node that is alone: an embedded store, and the groups of its configuration, which it owns for as long as its store answers.

import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { NodeMemory } from '../cluster/node-memory.js';
import { SoleOwnership } from '../cluster/sole-ownership.js';
import { roomEnough } from '../queue/store-room.js';
import { SoleDocuments } from '../spool/sole-documents.js';
import type { Spool, SpoolOptions } from '../spool/spool.js';
import type { openEmbeddedStore } from '../store/embedded/embedded-store.js';
import { nodeMakings, openEvents, type NodeMakings, type Surroundings } from './parts.js';
import { ServedGroup } from './virtual-server.js';
import { version } from '../platform/version.js';

export interface SoleOpeners {
  readonly openStore: typeof openEmbeddedStore;
  readonly openSpool: (options: SpoolOptions) => Promise<Spool>;
}

export interface SoleNode {
  readonly makings: NodeMakings;
  readonly servers: readonly ServedGroup[];
}

export const startSoleNode = async (
  around: Surroundings,
  { openStore, openSpool }: SoleOpeners,
  onFailure: (error: unknown) => void,
): Promise<SoleNode> => {
  const { config, log, clock, stops } = around;
  const { stateDirectory, limits, jobs } = config;
  let lost = false;
  const fail = (error: unknown): void => {
    lost = true;
    onFailure(error);
  };
  const store = await openStore({ directory: path.join(stateDirectory, 'store'), log, clock, onFailure: fail });
  stops.add(() => store.close());
  const ownership = new SoleOwnership({
    store,
    node: config.node.name,
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
  stops.add(() => spool.close());
  const documents = new SoleDocuments({ spool, node: config.node.name });
  const events = openEvents(around, store);
  const makings = nodeMakings(around, { store, spool, documents, events, storeRoom: () => roomEnough });

  const servers: ServedGroup[] = [];
  for (const { name, networkName, aliases, addresses, printers, ...services } of config.groups) {
    const { multipleOperationTimeoutMs } = jobs;
    const served = new ServedGroup(name, { services, limits, multipleOperationTimeoutMs, clock, log, version });
    served.names = [...(networkName === undefined ? [] : [networkName]), ...aliases];
    servers.push(served);
    const tenure = await ownership.claim(name);
    const spooler = await makings.startSpooler(tenure, { serverName: networkName ?? name, onUncertain: fail });
    stops.add(({ cutOffAfterMs }) => spooler.stop(cutOffAfterMs));
    for (const seed of printers) if (spooler.printers.get(seed.name) === undefined) await spooler.addPrinter(seed);
    served.online = spooler;
    stops.add(() => served.close());
    for (const address of addresses) await served.open(address);
  }
  return { makings, servers };
};
