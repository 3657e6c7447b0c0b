// A node of a cluster: one supervisor on its state directory, what an earlier one left, the member of etcd, and the workers.

import type { ClusterConfig, Config } from '../config.js';
import { Credentials } from '../platform/certificates/credentials.js';
import { RenewedAgent } from '../platform/certificates/renewed-agent.js';
import { machineClock } from '../platform/clock.js';
import { lockDirectory } from '../platform/directory-lock.js';
import { ensureDirectory } from '../platform/durable-file.js';
import type { Log } from '../platform/log.js';
import { killAll, withSession } from '../platform/processes.js';
import { openEtcdStore } from '../store/etcd/etcd-store.js';
import { keys } from '../store/keys.js';
import type { Store } from '../store/store.js';
import { openAddresses } from './addresses/open-addresses.js';
import { ChildRecord } from './child-record.js';
import { endProcess, Member } from './member.js';
import { restartInTurn, turnOf } from './member-turns.js';
import { OwnFence } from './own-fence.js';
import { Supervisor } from './supervisor.js';
import type { WorkerProgram } from './worker-process.js';

export interface SuperviseOptions {
  readonly config: Config;
  readonly cluster: ClusterConfig;
  readonly program: WorkerProgram;
  readonly log: Log;
}

const clock = machineClock;
/** So often a connection to the store is used, so that it stands when a worker dies. */
const warmEveryMs = 1_000;

/** Resolves with the exit status for this process. Throws an Error that says why when the node cannot be run here. */
export const supervise = async ({ config, cluster, program, log }: SuperviseOptions): Promise<number> => {
  const { stateDirectory, node } = config;
  const { tls } = cluster;
  const credentials = tls && (await Credentials.open({ files: tls, node: node.name, clock, log }));
  await ensureDirectory(stateDirectory);
  const lock = await lockDirectory(stateDirectory, 'supervisor');
  const record = await ChildRecord.open(stateDirectory);
  const member =
    cluster.member && new Member({ config: cluster.member, files: tls, stateDirectory, record, clock, log });
  await endEarlierWorker(record, log);
  if (member !== undefined) member.start();
  else await endEarlierMember(record);
  if (member !== undefined && cluster.member !== undefined && credentials !== undefined)
    restartInTurn(member, credentials, { clock, log, turn: turnOf(cluster.member) });

  const store = openEtcdStore({
    endpoints: endpointsOf(cluster),
    tls: credentials && (() => new RenewedAgent(credentials)),
    insecure: cluster.insecure,
    clock,
  });
  const fence = new OwnFence({ store, clock, log, node: node.name });
  const addresses = openAddresses({ node: node.name, cluster, devicePorts: config.devicePorts, clock, log });
  const hindrance = await addresses.prepare();
  if (hindrance !== undefined) log.error({ hindrance }, 'this node takes no groups');
  const supervisor = new Supervisor({ program, addresses, fence, record, clock, log, hindrance });
  const stop = (): void => supervisor.stop();
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  const over = new AbortController();
  const warm = keepWarm(store, node.name, over.signal);
  const status = await supervisor.run();
  over.abort();
  await warm;
  await addresses.close();
  await store.close();
  credentials?.close();
  await member?.stop();
  await record.set('worker', undefined);
  await lock.release();
  return status;
};

/** This machine's own member first. */
const endpointsOf = ({ endpoints, member }: ClusterConfig): string[] => [
  ...new Set([...(member === undefined ? [] : [member.clientUrl]), ...endpoints]),
];

/** The worker of a supervisor that was killed ends by itself, unless it stands still; and its children may be left. */
const endEarlierWorker = async (record: ChildRecord, log: Log): Promise<void> => {
  const worker = record.get('worker');
  if (worker === undefined) return;
  await killAll(() => withSession(worker), {
    clock,
    onSlow: (left) => log.warn({ pids: left.map(({ pid }) => pid) }, 'what an earlier start left does not die'),
  });
};

/** The configuration has no member any more. */
const endEarlierMember = async (record: ChildRecord): Promise<void> => {
  const member = record.get('member');
  if (member === undefined) return;
  await endProcess(member, clock);
  await record.set('member', undefined);
};

/** Its timer also keeps this process alive while there is no worker. */
const keepWarm = async (store: Store, node: string, signal: AbortSignal): Promise<void> => {
  for (; !signal.aborted; await clock.sleep(warmEveryMs, signal))
    try {
      await store.get(keys.node(node));
    } catch {
      // It is tried again; the fence says so when it cannot be written.
    }
};
