// Several cluster nodes in one process over one store, each with its own clock and its own way to the store.

import { ClusterNode } from '../../lib/cluster/cluster-node.js';
import type { NewsSink } from '../../lib/cluster/news.js';
import type { Resources } from '../../lib/cluster/resources.js';
import { defaultTiming, type Timing } from '../../lib/cluster/timing.js';
import type { GroupRecord, NodeRecord, Readiness, ResourceRecord } from '../../lib/model/cluster.js';
import { liveIncarnation } from '../../lib/model/cluster.js';
import type { OwnerRecord, Tenure } from '../../lib/model/ownership.js';
import type { Clock } from '../../lib/platform/clock.js';
import { PlatenError } from '../../lib/errors.js';
import { silentLog } from '../../lib/platform/log.js';
import { keys } from '../../lib/store/keys.js';
import type { Json, Store } from '../../lib/store/store.js';
import { FaultyStore } from './faulty-store.js';
import { NodeClock } from './node-clock.js';

/** Resources that are up at once; tests read and change what they say. */
export class LabResources implements Resources {
  /** `online sales/address`, in order. */
  readonly log: string[] = [];
  readonly up = new Map<string, Tenure>();
  sending: readonly string[] = [];
  uploads = 0;
  readonly broken = new Set<string>();
  /** Awaited by every step. */
  delay: () => Promise<void> = () => Promise.resolve();

  async online(group: string, { name }: ResourceRecord, tenure: Tenure): Promise<void> {
    await this.delay();
    this.log.push(`online ${group}/${name}`);
    if (this.broken.has(`${group}/${name}`)) throw new Error('broken');
    this.up.set(`${group}/${name}`, tenure);
  }

  async offline(group: string, name: string): Promise<void> {
    await this.delay();
    this.log.push(`offline ${group}/${name}`);
    this.up.delete(`${group}/${name}`);
  }

  hold(group: string): Promise<void> {
    this.log.push(`hold ${group}`);
    return Promise.resolve();
  }

  cutOff(group: string): Promise<void> {
    this.log.push(`cut off ${group}`);
    this.sending = [];
    return Promise.resolve();
  }

  close(group: string): Promise<void> {
    this.log.push(`close ${group}`);
    return Promise.resolve();
  }

  resume(group: string): Promise<void> {
    this.log.push(`resume ${group}`);
    return Promise.resolve();
  }

  activity(): { sending: readonly string[]; uploads: number } {
    return { sending: this.sending, uploads: this.uploads };
  }
}

export interface LabNode {
  readonly name: string;
  readonly clock: NodeClock;
  readonly way: FaultyStore;
  readonly resources: LabResources;
  readonly node: ClusterNode;
}

export interface LabNodeOptions {
  readonly offset?: number;
  readonly rate?: number;
  /** Of its state directory; default: always the same for its name. */
  readonly id?: string;
  readonly onNameTaken?: (error: Error) => void;
  readonly timing?: Timing;
  readonly readiness?: Readiness;
  /** Where its REST API is. */
  readonly rest?: () => string;
  readonly news?: NewsSink;
  /** The highest epochs that it remembers. */
  readonly epochs?: Map<string, number>;
  readonly suspendCounting?: (clock: NodeClock) => number;
}

export const salesResources: readonly ResourceRecord[] = [
  { name: 'spooler', kind: 'print-spooler', wanted: 'online' },
  { name: 'address', kind: 'ip-address', value: '127.0.0.9', wanted: 'online' },
  { name: 'name', kind: 'network-name', value: 'sales', wanted: 'online' },
];

export class ClusterLab {
  readonly store: Store;
  readonly clock: Clock;
  #lives = 0;

  constructor(parts: { store: Store; clock: Clock }) {
    this.store = parts.store;
    this.clock = parts.clock;
  }

  /** A process of this node; `start` it. */
  node(name: string, options: LabNodeOptions = {}): LabNode {
    const clock = new NodeClock(this.clock, options);
    const way = new FaultyStore({ inner: this.store, clock: this.clock, gate: () => clock.gate() });
    const resources = new LabResources();
    const {
      id,
      timing = defaultTiming,
      readiness = {},
      rest = () => '',
      news,
      suspendCounting,
      epochs = new Map<string, number>(),
      onNameTaken = () => {},
    } = options;
    const node = new ClusterNode({
      store: way,
      clock,
      log: silentLog,
      timing,
      node: name,
      id: id ?? `id of ${name}`,
      newIncarnation: () => {
        this.#lives += 1;
        return `${name}${this.#lives}`;
      },
      describe: () => ({ addresses: { peers: '', rest: rest() }, readiness }),
      memory: {
        check: (group, epoch) => {
          if (epoch < (epochs.get(group) ?? 0)) throw new PlatenError('store-restored');
        },
        remember: async (group, epoch) => void epochs.set(group, epoch),
      },
      resources,
      onNameTaken,
      ...(news === undefined ? {} : { news }),
      ...(suspendCounting === undefined ? {} : { suspendCounting: () => suspendCounting(clock) }),
    });
    return { name, clock, way, resources, node };
  }

  async put(key: string, value: unknown): Promise<void> {
    await this.store.txn([], [{ put: key, value: value as Json }]);
  }

  async group(name: string, settings: Partial<GroupRecord> = {}): Promise<void> {
    const group: GroupRecord = { version: 1, name, resources: salesResources, ...settings };
    await this.put(keys.group(name), group);
  }

  async owner(group: string): Promise<OwnerRecord | undefined> {
    return (await this.store.get(keys.owner(group)))?.value as unknown as OwnerRecord | undefined;
  }

  /** The store says that nobody can be the owner. */
  async isFree(group: string): Promise<boolean> {
    const owner = await this.owner(group);
    if (owner === undefined || owner.released) return true;
    const record = (await this.store.get(keys.node(owner.node)))?.value as unknown as NodeRecord | undefined;
    return liveIncarnation(record) !== owner.incarnation;
  }
}
