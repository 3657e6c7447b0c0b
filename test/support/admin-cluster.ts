// Admin servers of several nodes over one store: real sockets and real print spoolers, cluster nodes under a clock that the test moves.

import type { AddressInfo } from 'node:net';
import { writeFile } from 'node:fs/promises';
import { loopbackRule } from '../../lib/cluster/loopback-addresses.js';
import { Operations } from '../../lib/cluster/operations.js';
import { PlatenError } from '../../lib/errors.js';
import { silentLog } from '../../lib/platform/log.js';
import { tokenFile } from '../../lib/platform/token.js';
import { EventLog } from '../../lib/queue/events.js';
import type { VirtualServer } from '../../lib/queue/virtual-server.js';
import type { Store } from '../../lib/store/store.js';
import { startTestAdmin, type TestAdmin, testToken } from './admin.js';
import { ClusterLab, type LabNode } from './cluster-lab.js';
import { FakeClock } from './fake-clock.js';
import { MemoryStore } from './memory-store.js';
import { type Ended, runPlaten } from './platen.js';

export const clusterSecret = 'S0mb1x1y9Qd2nVw7sTz4RfGhJ3uMcEaP5iB8vXyZ0A9';

export interface ClusterAdmin extends TestAdmin {
  readonly name: string;
  readonly url: string;
  readonly lab: LabNode;
  readonly operations: Operations;
  readonly clusterEvents: EventLog;
  /** The command line that speaks with this node. Time passes meanwhile. */
  readonly platen: (args: readonly string[], stdin?: string) => Promise<Ended>;
}

export interface AdminCluster {
  readonly clock: FakeClock;
  readonly store: MemoryStore;
  readonly lab: ClusterLab;
  readonly a: ClusterAdmin;
  readonly b: ClusterAdmin;
  /** Time passes until it is done. */
  readonly during: <Result>(work: Promise<Result>) => Promise<Result>;
  readonly until: (condition: () => boolean) => Promise<void>;
}

interface Test {
  teardown(action: () => Promise<void>): unknown;
}

/** The store at once, without the node's way to it; nothing passes where that is cut. */
const unlessCut = (store: MemoryStore, { way }: LabNode): Store => {
  const passing = async (): Promise<void> => {
    if (way.faults.isCut()) throw new PlatenError('store-unreachable', 'cut off');
  };
  return {
    get: async (key) => passing().then(() => store.get(key)),
    range: async (prefix, options) => passing().then(() => store.range(prefix, options)),
    txn: async (compares, changes) => passing().then(() => store.txn(compares, changes)),
    watch: (prefix, fromRevision, signal) => store.watch(prefix, fromRevision, signal),
    close: () => store.close(),
  };
};

/** Nodes a and b, alive. A group that one of them owns is served there by its print spooler, with a printer `demo`. */
export const startAdminCluster = async (t: Test, group = 'sales'): Promise<AdminCluster> => {
  const clock = new FakeClock();
  const store = new MemoryStore();
  const lab = new ClusterLab({ store, clock });
  const during = async <Result>(work: Promise<Result>): Promise<Result> => {
    let isDone = false;
    void work.then(
      () => (isDone = true),
      () => (isDone = true),
    );
    await clock.advanceUntil(() => isDone, { stepMs: 50, realMs: 2 });
    return work;
  };
  const start = async (name: string): Promise<ClusterAdmin> => {
    let url = '';
    const clusterEvents = new EventLog({ store, node: name, clock, log: silentLog });
    const one = lab.node(name, { rest: () => url, news: clusterEvents });
    const operations = new Operations({
      store: unlessCut(store, one),
      view: () => one.node.view(),
      addressRule: loopbackRule,
    });
    const servers: VirtualServer[] = [];
    const made = await startTestAdmin(t, {
      group,
      node: name,
      admin: {
        servers,
        node: { name, version: '0.1.0', startedAt: clock.wall() },
        events: clusterEvents,
        cluster: { secret: clusterSecret, node: one.node, operations, store: unlessCut(store, one) },
      },
    });
    servers.push({
      group,
      names: [],
      spooler: () => {
        if (one.resources.up.get(`${group}/spooler`)?.holds() === true) return made.server.spooler();
        throw new PlatenError('not-owner');
      },
    });
    await made.spooler.addPrinter({ name: 'demo', deviceUri: 'socket://127.0.0.1', info: `at ${name}` });
    await writeFile(tokenFile(made.directory), `${testToken}\n`, { mode: 0o600 });
    const { port }: AddressInfo = await made.admin.listen({ host: '127.0.0.1', port: 0 });
    url = `http://127.0.0.1:${port}`;
    one.node.start();
    t.teardown(async () => {
      await one.node.stop(AbortSignal.abort());
      one.clock.kill();
    });
    const platen: ClusterAdmin['platen'] = (args, stdin = '') =>
      during(runPlaten([...args, '--state', made.directory, '--url', url], { stdin }));
    return { ...made, name, url, lab: one, operations, clusterEvents, platen };
  };
  const [a, b] = [await start('a'), await start('b')];
  await clock.advance(1_000);
  return { clock, store, lab, a, b, during, until: (condition) => clock.advanceUntil(condition, { stepMs: 20 }) };
};

export const holds = ({ lab }: ClusterAdmin, resource: string): boolean =>
  lab.resources.up.get(resource)?.holds() === true;
