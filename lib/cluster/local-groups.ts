// What runs on this node, group by group, as the view shows it.

import type { ResourceState } from '../model/cluster.js';
import type { Activity } from './resources.js';
import type { LocalGroup, LocalResource, OwnerWrite } from './view.js';

type Entry = Omit<LocalGroup, keyof Activity>;

/** Failures that are remembered for each resource: more than any restart policy counts. */
const keptFailures = 100;

export class LocalGroups {
  readonly #groups = new Map<string, Entry>();

  get(group: string): Entry {
    return this.#groups.get(group) ?? { epoch: 0, revision: 0, resources: new Map() };
  }

  resource(group: string, name: string): LocalResource {
    return this.get(group).resources.get(name) ?? { state: 'offline', failedAt: [] };
  }

  /** Its resources come online under this tenure. */
  begin(group: string, tenure: { epoch: number; revision: number }): void {
    const { epoch, revision } = tenure;
    const before = this.get(group);
    if (before.epoch === epoch && before.revision === revision) return;
    this.setResumed(group);
    this.#groups.set(group, { ...this.get(group), epoch, revision });
  }

  setState(group: string, name: string, state: ResourceState, failedAt?: number): void {
    const entry = this.get(group);
    const before = this.resource(group, name);
    const failures = failedAt === undefined ? before.failedAt : [...before.failedAt, failedAt].slice(-keptFailures);
    const resources = new Map(entry.resources).set(name, { state, failedAt: failures });
    this.#groups.set(group, { ...entry, resources });
  }

  setHeld(group: string, since: number): void {
    this.#groups.set(group, { ...this.get(group), heldSince: since });
  }

  setClosed(group: string, since: number): void {
    this.#groups.set(group, { ...this.get(group), closedSince: since });
  }

  /** Jobs are started and connections served again. */
  setResumed(group: string): void {
    const { epoch, revision, resources, write } = this.get(group);
    this.#groups.set(group, { epoch, revision, resources, ...(write === undefined ? {} : { write }) });
  }

  setWrite(group: string, write: OwnerWrite | undefined): void {
    const { write: _, ...entry } = this.get(group);
    this.#groups.set(group, write === undefined ? entry : { ...entry, write });
  }

  /** A new life: what the one before had begun to write is judged by the store alone. */
  clear(): void {
    this.#groups.clear();
  }

  snapshot(activity: (group: string) => Activity): ReadonlyMap<string, LocalGroup> {
    return new Map([...this.#groups].map(([group, entry]) => [group, { ...entry, ...activity(group) }]));
  }
}
