// What runs on this node of the cluster's groups: addresses, names and print spoolers, brought online and offline as the cluster decides.

import type { FloatingAddresses } from '../cluster/floating-addresses.js';
import { isWanted } from '../cluster/offlining.js';
import type { Activity, Resources } from '../cluster/resources.js';
import type { Limits } from '../config.js';
import { groupDefaults, type GroupRecord, type ResourceRecord } from '../model/cluster.js';
import type { NetworkNames, Publication } from '../names/network-names.js';
import type { Tenure } from '../model/ownership.js';
import type { Clock } from '../platform/clock.js';
import type { Log } from '../platform/log.js';
import { version } from '../platform/version.js';
import type { PrintSpooler } from '../queue/print-spooler.js';
import type { NeedQuestion } from '../spool/peers/routes.js';
import type { NodeMakings } from './parts.js';
import { ServedGroup } from './virtual-server.js';

/** What the back end makes of a group's addresses. */
export interface Ways {
  /** Listeners exist before their address and after it: who connects meanwhile is not refused, and no port has to be given up. */
  readonly listensAhead: boolean;
  /** Connections to devices come from the group's address. */
  readonly bindsDevices: boolean;
}

interface HostParts {
  readonly makings: Pick<NodeMakings, 'startSpooler' | 'forget'>;
  readonly limits: Limits;
  readonly multipleOperationTimeoutMs: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly addresses: FloatingAddresses;
  readonly ways: Ways;
  readonly networkNames: NetworkNames;
  /** The group as the store has it. */
  readonly describe: (group: string) => GroupRecord | undefined;
  /** What a group is busy with has changed. */
  readonly onActivity: () => void;
  readonly onFirstByte: (group: string, epoch: number) => void;
  /** It is not known what the store holds. */
  readonly onUncertain: (cause: unknown) => void;
}

interface Hosted {
  readonly served: ServedGroup;
  /** What is online, or on its way there, by name. */
  readonly resources: Map<string, ResourceRecord>;
  /** As its names are published. */
  record: GroupRecord | undefined;
  spooler: PrintSpooler | undefined;
}

export class GroupHost implements Resources {
  /** The virtual servers that something is online of; changes with them. */
  readonly served: ServedGroup[] = [];
  readonly #parts: HostParts;
  readonly #groups = new Map<string, Hosted>();

  constructor(parts: HostParts) {
    this.#parts = parts;
  }

  async online(group: string, resource: ResourceRecord, tenure: Tenure, signal: AbortSignal): Promise<void> {
    const hosted = this.#hosted(group);
    hosted.resources.set(resource.name, resource);
    switch (resource.kind) {
      case 'ip-address':
        return this.#bringAddress(hosted, valueOf(resource), signal);
      case 'network-name':
        hosted.served.names = this.#namesOf(group, hosted);
        return this.#parts.networkNames.publish(this.#publication(group, hosted, resource.name), signal);
      case 'print-spooler':
        return this.#startSpooler(hosted, tenure);
      default:
        return resource.kind satisfies never;
    }
  }

  async offline(group: string, name: string): Promise<void> {
    const hosted = this.#groups.get(group);
    const resource = hosted?.resources.get(name);
    if (hosted === undefined || resource === undefined) return;
    if (resource.kind === 'ip-address') {
      await this.#parts.addresses.down(valueOf(resource));
      await hosted.served.shut(valueOf(resource));
    }
    if (resource.kind === 'network-name')
      await this.#parts.networkNames.withdraw({ group, resource: name }, { forGood: !this.#isWanted(group, name) });
    if (resource.kind === 'print-spooler') await this.#stopSpooler(hosted);
    hosted.resources.delete(name);
    hosted.served.names = this.#namesOf(group, hosted);
    if (hosted.resources.size > 0) return;
    this.#groups.delete(group);
    this.served.splice(this.served.indexOf(hosted.served), 1);
  }

  async hold(group: string): Promise<void> {
    this.#groups.get(group)?.spooler?.hold();
  }

  async cutOff(group: string): Promise<void> {
    await this.#groups.get(group)?.spooler?.cutOff();
  }

  async close(group: string): Promise<void> {
    const hosted = this.#groups.get(group);
    if (hosted === undefined) return;
    const { addresses, ways } = this.#parts;
    await Promise.all(addressesOf(hosted).map((address) => addresses.close(address)));
    await hosted.served.quiet({ listens: ways.listensAhead });
  }

  async resume(group: string): Promise<void> {
    const hosted = this.#groups.get(group);
    if (hosted === undefined) return;
    await hosted.served.reopen(new AbortController().signal);
    await Promise.all(addressesOf(hosted).map((address) => this.#parts.addresses.reopen(address)));
    hosted.spooler?.resume();
  }

  /** Operators may have changed what a group is called: that counts at once. */
  look(): void {
    const { describe, networkNames, log } = this.#parts;
    for (const [group, hosted] of this.#groups) {
      const record = describe(group);
      if (record === undefined || record === hosted.record) continue;
      hosted.record = record;
      hosted.served.names = this.#namesOf(group, hosted);
      for (const { name, kind } of hosted.resources.values())
        if (kind === 'network-name')
          networkNames
            .change(this.#publication(group, hosted, name))
            .catch((error: unknown) => log.warn({ err: error, group }, 'names were not changed'));
    }
  }

  activity(group: string): Activity {
    const hosted = this.#groups.get(group);
    const troubles = [...(hosted?.resources.keys() ?? [])].flatMap((resource): [string, string][] => {
      const trouble = this.#parts.networkNames.trouble({ group, resource });
      return trouble === undefined ? [] : [[resource, trouble]];
    });
    return {
      sending: hosted?.spooler?.sending() ?? [],
      uploads: hosted?.served.underWay ?? 0,
      troubles: new Map(troubles),
    };
  }

  /** Whether a copy is needed; undefined where this node does not own the group at that epoch. */
  async needs({ group, epoch, job, node, copy }: NeedQuestion): Promise<boolean | undefined> {
    const spooler = this.#groups.get(group)?.served.online;
    return spooler?.epoch === epoch ? spooler.needs(job, { node, ...copy }) : undefined;
  }

  /** Everything goes offline at once. */
  async stop(): Promise<void> {
    for (const [group, { resources }] of this.#groups)
      for (const name of [...resources.keys()].reverse()) await this.offline(group, name);
  }

  /** The group that has the address here. */
  groupAt(address: string): string | undefined {
    return [...this.#groups].find(([, hosted]) => addressesOf(hosted).includes(address))?.[0];
  }

  /** Who connects as soon as the address is there finds listeners. */
  async #bringAddress({ served }: Hosted, address: string, signal: AbortSignal): Promise<void> {
    const { addresses } = this.#parts;
    await served.open(address, signal);
    try {
      await addresses.up(address, signal);
    } catch (error) {
      await addresses.down(address);
      await served.shut(address);
      throw error;
    }
  }

  #hosted(group: string): Hosted {
    const known = this.#groups.get(group);
    if (known !== undefined) return known;
    const { limits, multipleOperationTimeoutMs, clock, log, describe, onActivity } = this.#parts;
    const services = describe(group)?.services ?? groupDefaults.services;
    const served = new ServedGroup(
      group,
      { services, limits, multipleOperationTimeoutMs, clock, log, version, onEnd: onActivity },
      () => isSpoolerWanted(describe(group)),
    );
    const hosted: Hosted = { served, resources: new Map(), record: describe(group), spooler: undefined };
    this.#groups.set(group, hosted);
    this.served.push(served);
    return hosted;
  }

  #namesOf(group: string, { resources }: Hosted): readonly string[] {
    const own = [...resources.values()].filter(({ kind }) => kind === 'network-name').map(valueOf);
    return own.length === 0 ? [] : [...own, ...(this.#parts.describe(group)?.aliases ?? [])];
  }

  /** Aliases go with the first of its network names. */
  #publication(group: string, hosted: Hosted, name: string): Publication {
    const of = (kind: ResourceRecord['kind']) => [...hosted.resources.values()].filter((each) => each.kind === kind);
    const { aliases = [], publish = groupDefaults.publish } = this.#parts.describe(group) ?? {};
    const [first] = of('network-name');
    const own = of('network-name').filter((each) => each.name === name);
    const names = [...own.map(valueOf), ...(first?.name === name ? aliases : [])];
    const addresses = of('ip-address').map(valueOf);
    return { group, resource: name, names, addresses, ways: publish };
  }

  /** By operators: what is offline here only because the group moves, or this node fell silent, stays known. */
  #isWanted(group: string, name: string): boolean {
    const record = this.#parts.describe(group);
    const resource = record?.resources?.find((each) => each.name === name);
    return record !== undefined && resource !== undefined && isWanted(record, resource);
  }

  async #startSpooler(hosted: Hosted, tenure: Tenure): Promise<void> {
    const { makings, ways, onActivity, onFirstByte, onUncertain } = this.#parts;
    const { group, epoch } = tenure;
    let isFirst = true;
    const spooler = await makings.startSpooler(tenure, {
      serverName: hosted.served.names[0] ?? group,
      sourceAddresses: () => (ways.bindsDevices ? addressesOf(hosted) : []),
      onUncertain,
      onActivity,
      onBegin: () => {
        if (isFirst) onFirstByte(group, epoch);
        isFirst = false;
      },
    });
    hosted.spooler = spooler;
    hosted.served.online = spooler;
  }

  async #stopSpooler(hosted: Hosted): Promise<void> {
    const { spooler, served } = hosted;
    served.online = undefined;
    if (spooler === undefined) return;
    this.#parts.makings.forget(spooler);
    await spooler.stop(0);
    hosted.spooler = undefined;
  }
}

const addressesOf = ({ resources }: Hosted): readonly string[] =>
  [...resources.values()].filter(({ kind }) => kind === 'ip-address').map(valueOf);

const isSpoolerWanted = (record: GroupRecord | undefined): boolean => {
  const spooler = record?.resources?.find(({ kind }) => kind === 'print-spooler');
  return record !== undefined && spooler !== undefined && isWanted(record, spooler);
};

const valueOf = ({ name, value }: ResourceRecord): string => {
  if (value === undefined) throw new Error(`resource ${name} has no value`);
  return value;
};
