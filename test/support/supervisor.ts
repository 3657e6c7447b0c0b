// A supervisor in the test's own process, with real workers that do as they are told and a real etcd.

import path from 'node:path';
import type { Test } from 'tap';
import type { NodeRecord } from '../../lib/model/cluster.js';
import { machineClock } from '../../lib/platform/clock.js';
import { silentLog } from '../../lib/platform/log.js';
import { openEtcdStore } from '../../lib/store/etcd/etcd-store.js';
import { keys } from '../../lib/store/keys.js';
import type { Json, Store } from '../../lib/store/store.js';
import { noAddresses } from '../../lib/supervisor/addresses/addresses.js';
import { ChildRecord } from '../../lib/supervisor/child-record.js';
import { OwnFence } from '../../lib/supervisor/own-fence.js';
import { Supervisor } from '../../lib/supervisor/supervisor.js';
import type { EtcdCluster } from './etcd.js';
import { fakeWorkerFile, FakeWorkers } from './fake-worker.js';
import { temporaryDirectory } from './temporary.js';

export const me = 'one';

/** The node's record as a worker writes it: a life that was fenced cannot renew. */
export const putRecord = async (store: Store, incarnation: string, counter = 0): Promise<void> => {
  const before = await store.get(keys.node(me));
  const found = before?.value as unknown as NodeRecord | undefined;
  if (found?.fenced !== undefined && found.incarnation === incarnation) throw new Error(`${incarnation} is fenced`);
  const record: NodeRecord = {
    version: 1,
    incarnation,
    counter,
    addresses: { peers: 'http://127.0.0.1:1', rest: 'http://127.0.0.1:2' },
    readiness: {},
  };
  const compares = [{ key: keys.node(me), revision: before?.revision ?? 0 }];
  const { outcome } = await store.txn(compares, [{ put: keys.node(me), value: record as unknown as Json }]);
  if (outcome !== 'committed') throw new Error(`the record of ${incarnation} is ${outcome}`);
};

export const readRecord = async (store: Store): Promise<NodeRecord | undefined> =>
  (await store.get(keys.node(me)))?.value as unknown as NodeRecord | undefined;

export type FencedRecord = NodeRecord & { readonly seenAt: number };

/** Resolves with the record at the moment at which it is seen fenced, and when that was. */
export const fencedRecord = async (store: Store, fromRevision: number): Promise<FencedRecord> => {
  const done = new AbortController();
  for await (const events of store.watch(keys.node(me), fromRevision, done.signal))
    for (const event of events) {
      const record = event.kind === 'put' ? (event.entry.value as unknown as NodeRecord) : undefined;
      if (record?.fenced === undefined) continue;
      done.abort();
      return { ...record, seenAt: performance.now() };
    }
  throw new Error('the watch has ended');
};

export interface SupervisorLab {
  readonly workers: FakeWorkers;
  readonly store: Store;
  readonly supervisor: Supervisor;
  readonly ended: Promise<number>;
  /** What was asked of the addresses. */
  readonly removals: number[];
  /** The record when it is fenced for the first time. */
  fenced(): Promise<FencedRecord>;
}

export interface LabOptions {
  readonly removeAll?: () => Promise<void>;
}

export const startSupervisor = async (
  t: Test,
  etcd: EtcdCluster,
  { removeAll = () => Promise.resolve() }: LabOptions = {},
): Promise<SupervisorLab> => {
  await etcd.clear();
  const store = openEtcdStore({ endpoints: etcd.endpoints });
  t.teardown(() => store.close());
  const { revision } = await store.range(keys.nodes);
  const workers = await FakeWorkers.listen(t);
  const removals: number[] = [];
  const directory = await temporaryDirectory(t);
  const supervisor = new Supervisor({
    program: { file: fakeWorkerFile, args: [workers.socketPath] },
    addresses: {
      ...noAddresses,
      removeAll: () => {
        removals.push(performance.now());
        return removeAll();
      },
    },
    fence: new OwnFence({ store, clock: machineClock, log: silentLog, node: me }),
    record: await ChildRecord.open(path.resolve(directory)),
    clock: machineClock,
    log: silentLog,
  });
  const ended = supervisor.run();
  t.teardown(async () => {
    supervisor.stop();
    await ended;
  });
  return { workers, store, supervisor, ended, removals, fenced: () => fencedRecord(store, revision + 1) };
};
