// What the store says of the cluster: nodes, groups with their resources, and what operators want of them (DESIGN sections 2, 4 and 5).

/** `nodes/<node>`: rewritten by the node at each renewal, and once by whoever fences it. */
export interface NodeRecord {
  readonly version: 1;
  /** Of the state directory: tells a node from another of the same name. */
  readonly id?: string;
  /** One life of the worker; never used again after it ended. */
  readonly incarnation: string;
  /** Grows by one with each renewal that was sent. */
  readonly counter: number;
  readonly addresses: NodeAddresses;
  readonly readiness: Readiness;
  /** Present: this incarnation is dead and cannot renew any more. */
  readonly fenced?: { readonly by: string; readonly because: string };
}

/** Where the node itself is reached, for other nodes only (P8): `http://host:port`. */
export interface NodeAddresses {
  /** Documents. */
  readonly peers: string;
  /** Operators' requests. */
  readonly rest: string;
}

/** Which groups the node can serve (R17). */
export interface Readiness {
  /** It runs a member of the store and nothing else. */
  readonly witness?: true;
  /** Why it takes no group at all: it stops, its spool failed. */
  readonly none?: string;
  /** Group → why the node cannot serve it. */
  readonly except?: Readonly<Record<string, string>>;
}

/** `cluster`: what operators want of nodes. */
export interface ClusterRecord {
  readonly version: 1;
  /** Nodes that are drained: their groups move away and no group comes. */
  readonly paused?: readonly string[];
}

export type ResourceKind = 'ip-address' | 'network-name' | 'print-spooler';
export type ResourceState = 'offline' | 'online-pending' | 'online' | 'offline-pending' | 'failed';

/** Each kind needs all resources of the kinds before it. */
export const dependencyOrder: readonly ResourceKind[] = ['ip-address', 'network-name', 'print-spooler'];

export interface ResourceRecord {
  /** Unique in its group. */
  readonly name: string;
  readonly kind: ResourceKind;
  /** The address, or the network name; a print spooler has none. */
  readonly value?: string;
  readonly wanted: 'online' | 'offline';
  readonly restart?: RestartPolicy;
}

/** A resource that fails more often than `attempts` within the period takes its group to another node (R34). */
export interface RestartPolicy {
  readonly attempts: number;
  readonly periodMs: number;
  readonly delayMs: number;
}

/** `hours`: from the first to before the second, local time of the owner; 22 and 5 span midnight. */
export type Failback =
  | { readonly policy: 'prevent' }
  | { readonly policy: 'immediate' }
  | { readonly policy: 'hours'; readonly from: number; readonly to: number };

/** What clients may use at the group's addresses. */
export interface GroupServices {
  readonly ipp: { readonly port: number; readonly operatorsFrom: readonly string[] };
  readonly lpd: { readonly ports: readonly number[]; readonly optionalPorts: readonly number[] };
  readonly snmp: { readonly port: number; readonly community?: string; readonly allowFrom: readonly string[] };
}

/** `groups/<group>`. What is absent has the default of `groupDefaults`. */
export interface GroupRecord {
  readonly version: 1;
  readonly name: string;
  /** Nodes that may own it; absent: every node. */
  readonly possibleOwners?: readonly string[];
  /** The best first. */
  readonly preferredOwners?: readonly string[];
  readonly resources?: readonly ResourceRecord[];
  readonly services?: GroupServices;
  /** Other network names that clients may use. */
  readonly aliases?: readonly string[];
  readonly failback?: Failback;
  /** Fail-overs that failing resources may cause within the period. */
  readonly failover?: { readonly threshold: number; readonly periodMs: number };
  readonly jobCompletionTimeoutMs?: number;
  readonly uploadGraceMs?: number;
  /** A planned move that was asked for while the group had this epoch; void at any other. */
  readonly move?: { readonly to: string; readonly epoch: number; readonly now?: true };
}

export const groupDefaults = {
  services: {
    ipp: { port: 631, operatorsFrom: [] },
    lpd: { ports: [515], optionalPorts: [] },
    snmp: { port: 161, allowFrom: [] },
  },
  failback: { policy: 'prevent' },
  failover: { threshold: 3, periodMs: 6 * 3_600_000 },
  restart: { attempts: 3, periodMs: 900_000, delayMs: 500 },
  jobCompletionTimeoutMs: 120_000,
  uploadGraceMs: 5_000,
} as const satisfies Partial<GroupRecord> & { restart: RestartPolicy };

/** The incarnation that may own groups: none once the record is fenced. */
export const liveIncarnation = (record: NodeRecord | undefined): string | undefined =>
  record === undefined || record.fenced !== undefined ? undefined : record.incarnation;

/** The group's resources, those first that others need. */
export const inOrderOfDependency = (group: GroupRecord): readonly ResourceRecord[] =>
  dependencyOrder.flatMap((kind) => (group.resources ?? []).filter((resource) => resource.kind === kind));

const servicesFault = ({ name, services }: GroupRecord): string | undefined => {
  if (services === undefined) return undefined;
  const { ipp, lpd, snmp } = services;
  const ports = [ipp.port, ...lpd.ports, ...lpd.optionalPorts];
  const twice = ports.find((port, index) => ports.indexOf(port) !== index);
  if (twice !== undefined) return `two services of group ${name} want TCP port ${twice}`;
  return snmp.community !== undefined && snmp.allowFrom.length === 0
    ? `the SNMP community of group ${name} needs the networks that may ask`
    : undefined;
};

/** Why this group may not be written, in words; undefined when it may. */
export const groupFault = (group: GroupRecord): string | undefined => {
  const resources = group.resources ?? [];
  if (resources.filter(({ kind }) => kind === 'print-spooler').length > 1)
    return `group ${group.name} may have one print spooler`;
  const dependent = resources.find(({ kind }) => kind !== 'ip-address');
  if (dependent !== undefined && !resources.some(({ kind }) => kind === 'ip-address'))
    return `${dependent.name} needs an IP address in group ${group.name}`;
  if (new Set(resources.map(({ name }) => name)).size < resources.length)
    return `two resources of group ${group.name} have the same name`;
  const addresses = resources.flatMap(({ kind, value }) => (kind === 'ip-address' ? [value] : []));
  const twice = addresses.find((address, index) => addresses.indexOf(address) !== index);
  if (twice !== undefined) return `group ${group.name} has the address ${twice} twice`;
  const services = servicesFault(group);
  if (services !== undefined) return services;
  const stranger = group.preferredOwners?.find((node) => group.possibleOwners?.includes(node) === false);
  return stranger === undefined ? undefined : `preferred owner ${stranger} is no possible owner of ${group.name}`;
};
