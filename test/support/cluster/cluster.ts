// A whole cluster on loopback addresses of this process's own: members of etcd, nodes, groups. Ends with its scope, whatever happens.

import { setTimeout as pause } from 'node:timers/promises';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { OwnerRecord } from '../../../lib/model/ownership.js';
import { RenewedAgent } from '../../../lib/platform/certificates/renewed-agent.js';
import { openEtcdStore } from '../../../lib/store/etcd/etcd-store.js';
import { keys } from '../../../lib/store/keys.js';
import type { Store } from '../../../lib/store/store.js';
import { type TestAuthority, testNode } from '../certificates.js';
import { type EtcdCluster, startEtcd } from '../etcd.js';
import { type Leash, takeOnLeash } from '../leash.js';
import { ownAddress } from '../own-address.js';
import type { TestScope } from '../peers.js';
import { temporaryDirectory } from '../temporary.js';
import { ClusterProcess, type Place } from './cluster-process.js';
import { StoreEye } from './store-eye.js';

/** Below the kernel's own choice of ports, on addresses that nobody else has: nothing can be in the way. */
const ports = { ipp: 8_631, lpd: 8_515, rest: 8_650, peers: 8_640 } as const;

export const groupName = 'sales';

export interface ClusterOptions {
  readonly members?: number;
  readonly nodes?: readonly string[];
  /** Nodes that run nothing but a member. */
  readonly witnesses?: readonly string[];
  /** Beside what every node's configuration has. */
  readonly settings?: object;
  /** The same of its `cluster`. */
  readonly cluster?: object;
  /** Group → further options of `platen group create`. At most two; default: one. */
  readonly groups?: Readonly<Record<string, readonly string[]>>;
  /** Ports of printers that are not the usual ones. */
  readonly devicePorts: readonly number[];
  /** Off where nothing but processes is killed: members keep what the kernel has. */
  readonly fsync?: boolean;
  /** A module that the nodes' processes load before anything else. */
  readonly preload?: string;
  /** Node → the folder of its programs, where it is of another build. */
  readonly builds?: Readonly<Record<string, string>>;
  /** The disk of each node and of the member beside it, where they have one of their own. */
  readonly disks?: readonly string[];
  /** Certificates for nodes and members of etcd; the nodes have theirs when they start. */
  readonly authority?: TestAuthority;
}

export class Cluster {
  readonly directory: string;
  readonly etcd: EtcdCluster;
  readonly store: Store;
  readonly eye: StoreEye;
  readonly nodes: readonly ClusterProcess[];
  readonly leash: Leash;

  constructor(parts: Pick<Cluster, 'directory' | 'etcd' | 'store' | 'nodes' | 'leash'>) {
    this.directory = parts.directory;
    this.etcd = parts.etcd;
    this.store = parts.store;
    this.nodes = parts.nodes;
    this.leash = parts.leash;
    this.eye = new StoreEye(parts.store);
  }

  node(name: string): ClusterProcess {
    const found = this.nodes.find((node) => node.name === name);
    if (found === undefined) throw new Error(`there is no node ${name}`);
    return found;
  }

  async owner(group = groupName): Promise<OwnerRecord | undefined> {
    return (await this.store.get(keys.owner(group)))?.value as unknown as OwnerRecord | undefined;
  }

  /** The node that owns the group, as soon as one does whose printers can be had. */
  async owning(group = groupName): Promise<ClusterProcess> {
    const deadline = performance.now() + 20_000;
    for (;;) {
      const owner = await this.owner(group);
      if (owner !== undefined && owner.released !== true) {
        const node = this.node(owner.node);
        try {
          await node.ask('GET', `/api/1/printers?group=${group}&limit=1`);
          return node;
        } catch (error) {
          if (performance.now() > deadline) throw error;
        }
      }
      if (performance.now() > deadline) throw new Error(`nobody owns ${group}: ${JSON.stringify(owner)}`);
      await pause(20);
    }
  }

  /** Those that do not own it now. */
  async others(group = groupName): Promise<readonly ClusterProcess[]> {
    const owner = await this.owner(group);
    return this.nodes.filter(({ name }) => name !== owner?.node);
  }

  /** Where clients print. */
  at(protocol: 'ipp' | 'lpd', group = groupName): Place {
    return { host: addressOf(group), port: ports[protocol] };
  }

  /** For `-h` of lp, lpstat, lpq. */
  server(group = groupName): string {
    const { host, port } = this.at('ipp', group);
    return `${host}:${port}`;
  }

  uri(printer: string, group = groupName): string {
    return `ipp://${this.server(group)}/ipp/print/${printer}`;
  }

  /** A command of the operator at some node; throws with what it said when it fails. */
  async operate(...args: readonly string[]): Promise<string> {
    const node = this.nodes.find(({ isRunning }) => isRunning) ?? this.nodes[0]!;
    const { status, stdout, stderr } = await node.platen(...args);
    if (status !== 0) throw new Error(`platen ${args.join(' ')}: ${stderr}`);
    return stdout;
  }

  createGroup(name: string, more: readonly string[] = []): Promise<string> {
    const doors = ['--ipp-port', String(ports.ipp), '--lpd-port', String(ports.lpd)];
    const names = ['--address', addressOf(name), '--name', `${name}.example`, '--operators-from', '127.0.0.0/8'];
    return this.operate('group', 'create', name, ...names, ...doors, ...more);
  }

  async addPrinter(name: string, deviceUri: string, more: object = {}, group = groupName): Promise<void> {
    const owner = await this.owning(group);
    await owner.ask('POST', `/api/1/printers?group=${group}`, { name, deviceUri, ...more });
  }
}

export const addressOf = (group: string): string => ownAddress(group === groupName ? 1 : 2);

/** Members, nodes and groups are there; every group has an owner. */
export const startCluster = async (scope: TestScope, options: ClusterOptions): Promise<Cluster> => {
  const {
    members = 3,
    nodes: names = ['a', 'b', 'c'],
    witnesses = [],
    fsync = false,
    disks,
    groups = { [groupName]: [] },
    authority,
  } = options;
  const directory = await temporaryDirectory(scope);
  const leash = takeOnLeash(scope);
  const etcd = await startEtcd(scope, {
    members,
    fsync,
    ...(authority === undefined ? {} : { authority }),
    ...(disks === undefined ? {} : { folders: disks.map((disk) => path.join(disk, 'etcd')) }),
  });
  const eye = authority && (await testNode(scope, 'eye', await authority.give('eye')));
  const tls = eye && (() => new RenewedAgent(eye.credentials));
  const store = openEtcdStore({ endpoints: etcd.endpoints, tls });
  for (const name of names) await authority?.give(name, { addresses: [ownAddress(0)] });
  const nodes = names.map((name, at) => {
    const rest = { host: ownAddress(0), port: ports.rest + at };
    // Its own member first, as on a machine that runs one.
    const endpoints = [...etcd.endpoints.slice(at), ...etcd.endpoints.slice(0, at)];
    const config = {
      node: { name },
      log: { level: 'info' },
      admin: { address: rest.host, port: rest.port },
      devicePorts: options.devicePorts,
      ...options.settings,
      cluster: {
        endpoints,
        address: rest.host,
        port: ports.peers + at,
        ...(witnesses.includes(name) ? { witness: true } : {}),
        ...(authority === undefined ? {} : { tls: authority.filesOf(name) }),
        ...options.cluster,
      },
    };
    const disk = disks?.[at];
    const programs = options.builds?.[name];
    return new ClusterProcess({
      name,
      directory: path.join(directory, name),
      ...(disk === undefined ? {} : { state: path.join(disk, 'state') }),
      rest,
      config,
      ...(programs === undefined ? {} : { programs }),
      ...(authority === undefined ? {} : { caFile: authority.rootFile }),
      ...(options.preload === undefined ? {} : { preload: options.preload }),
    });
  });
  const cluster = new Cluster({ directory, etcd, store, nodes, leash });
  const keep = process.env['PLATEN_KEEP_LOGS'];
  scope.teardown(async () => {
    if (keep !== undefined) for (const { name, output } of nodes) writeFileSync(path.join(keep, `${name}.log`), output);
    await cluster.eye.close();
    await store.close();
  });
  await Promise.all(nodes.map((node) => node.start()));
  await Promise.all(nodes.map((node) => node.ready()));
  for (const [name, more] of Object.entries(groups)) await cluster.createGroup(name, more);
  for (const name of Object.keys(groups)) await cluster.owning(name);
  return cluster;
};
