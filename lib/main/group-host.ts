// What runs on this node of the cluster's groups: addresses, names and print spoolers, brought online and offline as the cluster decides.

import type { Activity, Resources } from '../cluster/resources.js';
import type { Limits } from '../config.js';
import { groupDefaults, type GroupRecord, type ResourceRecord } from '../model/cluster.js';
import type { Tenure } from '../model/ownership.js';
import type { Clock } from '../platform/clock.js';
import type { Log } from '../platform/log.js';
import { version } from '../platform/version.js';
import type { PrintSpooler } from '../queue/print-spooler.js';
import type { NeedQuestion } from '../spool/peers/routes.js';
import type { NodeMakings } from './parts.js';
import { ServedGroup } from './virtual-server.js';

interface HostParts {
  readonly makings: Pick<NodeMakings, 'startSpooler' | 'forget'>;
  readonly limits: Limits;
  readonly multipleOperationTimeoutMs: number;
  readonly clock: Clock;
  readonly log: Log;
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
        return hosted.served.open(valueOf(resource), signal);
      case 'network-name':
        hosted.served.names = this.#namesOf(group, hosted);
        return;
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
    if (resource.kind === 'ip-address') await hosted.served.shut(valueOf(resource));
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
    await this.#groups.get(group)?.served.quiet();
  }

  async resume(group: string): Promise<void> {
    const hosted = this.#groups.get(group);
    await hosted?.served.reopen(new AbortController().signal);
    hosted?.spooler?.resume();
  }

  activity(group: string): Activity {
    const hosted = this.#groups.get(group);
    return { sending: hosted?.spooler?.sending() ?? [], uploads: hosted?.served.underWay ?? 0 };
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

  #hosted(group: string): Hosted {
    const known = this.#groups.get(group);
    if (known !== undefined) return known;
    const { limits, multipleOperationTimeoutMs, clock, log, describe, onActivity } = this.#parts;
    const services = describe(group)?.services ?? groupDefaults.services;
    const served = new ServedGroup(group, {
      services,
      limits,
      multipleOperationTimeoutMs,
      clock,
      log,
      version,
      onEnd: onActivity,
    });
    const hosted: Hosted = { served, resources: new Map(), spooler: undefined };
    this.#groups.set(group, hosted);
    this.served.push(served);
    return hosted;
  }

  #namesOf(group: string, { resources }: Hosted): readonly string[] {
    const own = [...resources.values()].filter(({ kind }) => kind === 'network-name').map(valueOf);
    return own.length === 0 ? [] : [...own, ...(this.#parts.describe(group)?.aliases ?? [])];
  }

  async #startSpooler(hosted: Hosted, tenure: Tenure): Promise<void> {
    const { makings, onActivity, onFirstByte, onUncertain } = this.#parts;
    const { group, epoch } = tenure;
    let isFirst = true;
    const spooler = await makings.startSpooler(tenure, {
      serverName: hosted.served.names[0] ?? group,
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

const valueOf = ({ name, value }: ResourceRecord): string => {
  if (value === undefined) throw new Error(`resource ${name} has no value`);
  return value;
};
