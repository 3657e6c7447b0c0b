// A node of a cluster: the shared store, documents on several nodes, and the groups that the cluster's decisions bring here.

import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { access } from 'node:fs/promises';
import path from 'node:path';
import type { ClusterFace } from '../admin/cluster-face.js';
import { ClusterNode } from '../cluster/cluster-node.js';
import { loopbackRule } from '../cluster/loopback-addresses.js';
import { nodeIdIn } from '../cluster/node-id.js';
import { NodeMemory } from '../cluster/node-memory.js';
import { Operations } from '../cluster/operations.js';
import { ownRecord } from '../cluster/own-name.js';
import type { Renewal } from '../cluster/renewal.js';
import { defaultTiming } from '../cluster/timing.js';
import type { Watchdog } from '../cluster/watchdog.js';
import type { ClusterConfig } from '../config.js';
import { PlatenError } from '../errors.js';
import type { NodeAddresses } from '../model/cluster.js';
import { EtcdMaintenance } from '../store/etcd/maintenance.js';
import { roomEnough } from '../queue/store-room.js';
import type { Spool, SpoolOptions } from '../spool/spool.js';
import { openClusterStore } from './cluster-store.js';
import { GroupHost } from './group-host.js';
import { nodeMakings, openEvents, type NodeMakings, type Surroundings } from './parts.js';
import type { ServedGroup } from './virtual-server.js';
import { shareDocuments } from './shared-documents.js';
import { PeerView } from './peer-view.js';
import { firstAlive } from './first-alive.js';

/** What members of etcd are started with. */
export const storeQuotaBytes = 8 * 2 ** 30;
/** Wall and monotonic time go on or stand still while the machine sleeps; this one goes on. */
const suspendCounting = (): number => Number(readFileSync('/proc/uptime', 'latin1').split(' ')[0]) * 1_000;

/** What a node that was alone holds would be left behind. */
const refuseSoleState = async (stateDirectory: string): Promise<void> => {
  const file = path.join(stateDirectory, 'store', 'data.mdb');
  const isThere = await access(file).then(
    () => true,
    () => false,
  );
  if (isThere)
    throw new PlatenError(
      'bad-request',
      `${stateDirectory} is the state directory of a node that is alone: its printers and jobs would be left behind. ` +
        'Give the node of the cluster a state directory of its own',
    );
};

/** A store that does not answer is none of this: each life asks it again before it begins. */
const refuseTakenName = async (asked: Promise<unknown>): Promise<void> => {
  await asked.catch((error: unknown) => {
    if (error instanceof PlatenError && error.code === 'node-name-taken') throw error;
  });
};

/** A life is told before anything is written in its name, then each of its deadlines. */
const teller = (watchdog: Watchdog | undefined): ((renewal: Renewal) => void) => {
  let told: string | undefined;
  return ({ state, incarnation, deadline }) => {
    if (state === 'starting' && incarnation !== told) watchdog?.tellLife(incarnation);
    if (state === 'starting') told = incarnation;
    if (state === 'live') watchdog?.tellDeadline(deadline);
  };
};

export interface MemberOptions {
  readonly cluster: ClusterConfig;
  readonly openSpool: (options: SpoolOptions) => Promise<Spool>;
  readonly onFailure: (error: unknown) => void;
  readonly watchdog: Watchdog | undefined;
}

export interface Member {
  readonly makings: NodeMakings;
  /** Where other nodes bring documents. */
  readonly peerPort: number;
  /** The virtual servers that are here just now. */
  readonly servers: readonly ServedGroup[];
  /** For operators. */
  readonly face: ClusterFace;
  /** Takes part from now on: renews, judges, owns. Stops first of all. Throws `node-name-taken`. */
  begin(addresses: NodeAddresses): Promise<void>;
}

export const startMember = async (around: Surroundings, options: MemberOptions): Promise<Member> => {
  const { config, log, clock, stops } = around;
  const { cluster, openSpool, onFailure, watchdog } = options;
  const { stateDirectory, limits, jobs } = config;
  const me = config.node.name;
  await refuseSoleState(stateDirectory);
  const { endpoints, store, renewals, secret } = await openClusterStore(around, cluster);
  const spool = await openSpool({
    directory: stateDirectory,
    limits: { reserveBytes: limits.diskReserveBytes, maxDocumentBytes: limits.maxDocumentBytes },
    clock,
    log,
    onFailure,
  });
  stops.add(() => spool.close());
  const events = openEvents(around, store);
  const peers = new PeerView(me);
  const id = await nodeIdIn(stateDirectory);
  const memory = await NodeMemory.open(stateDirectory);
  const shared = await shareDocuments(around, {
    cluster,
    store,
    secret,
    spool,
    events,
    peers,
    memory,
    isNeeded: (question) => host.needs(question),
  });
  let room = roomEnough;
  const { documents } = shared;
  const makings = nodeMakings(around, { store, spool, documents, events, storeRoom: () => room });
  let addresses: NodeAddresses = { peers: '', rest: '' };
  const host: GroupHost = new GroupHost({
    makings,
    limits,
    multipleOperationTimeoutMs: jobs.multipleOperationTimeoutMs,
    clock,
    log,
    describe: (group) => node.view().observed.groups.get(group)?.record,
    onActivity: () => node.lookAgain(),
    onFirstByte: (group, epoch) => node.takeovers.firstByte(group, epoch),
    onUncertain: () => node.lose('it is not known what the store holds'),
  });
  const { renewEveryMs, fenceAfterMs, takeoverAfterMs } = cluster;
  const timing = { ...defaultTiming, renewEveryMs, fenceAfterMs, takeoverAfterMs };
  const node: ClusterNode = new ClusterNode({
    store: renewals,
    clock,
    log,
    timing,
    node: me,
    id,
    newIncarnation: () => randomBytes(16).toString('hex'),
    describe: () => ({ addresses, readiness: cluster.witness ? { witness: true } : {} }),
    suspendCounting,
    memory,
    resources: host,
    news: events,
    onLook: (view) => peers.look(view),
    onRenewal: teller(watchdog),
    onNameTaken: onFailure,
    onLifeOver: async () => {
      watchdog?.tellEnded();
      await watchdog?.answered();
    },
  });
  watchdog?.onSilence((because) => node.lose(because));
  const maintenance = new EtcdMaintenance({
    endpoints,
    insecure: cluster.insecure,
    quotaBytes: storeQuotaBytes,
    clock,
    log,
    isMine: () => firstAlive(node.view()) === me,
    onPlan: (plan) => {
      room = plan;
    },
  });
  return {
    makings,
    peerPort: shared.port,
    servers: host.served,
    face: {
      secret,
      node,
      operations: new Operations({ store, view: () => node.view(), addressRule: loopbackRule }),
      store,
    },
    begin: async (own) => {
      addresses = own;
      await refuseTakenName(ownRecord({ store, clock, timing }, { node: me, id, addresses }));
      node.start();
      maintenance.start();
      shared.startSweep();
      stops.add(async ({ cutOffAfterMs }) => {
        const cutOff = new AbortController();
        const cancel = clock.after(cutOffAfterMs, () => cutOff.abort());
        await node.stop(cutOff.signal);
        cancel();
        await host.stop();
        watchdog?.tellEnded();
        await maintenance.stop();
      });
    },
  };
};
