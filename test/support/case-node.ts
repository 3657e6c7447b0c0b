// One node of a cluster case: what it has seen, what runs on it, what it has begun to write.

import type { Action, OwnerAction } from '../../lib/cluster/decision.js';
import { LocalGroups } from '../../lib/cluster/local-groups.js';
import { arrived, nothingObserved, silenceAnew, type Observed, type Part } from '../../lib/cluster/observed.js';
import { Placement } from '../../lib/cluster/placement.js';
import { atTime, confirmed, foundRecord, newLife, sending, type Renewal } from '../../lib/cluster/renewal.js';
import { defaultTiming } from '../../lib/cluster/timing.js';
import type { View } from '../../lib/cluster/view.js';
import type { NodeRecord, Readiness } from '../../lib/model/cluster.js';
import { keys } from '../../lib/store/keys.js';
import type { Entry, Json } from '../../lib/store/store.js';
import type { MemoryStore } from './memory-store.js';

const prefixes: readonly (readonly [Part, string])[] = [
  ['nodes', keys.nodes],
  ['owners', keys.owners],
  ['groups', keys.groups],
  ['cluster', keys.cluster],
];

/** What a node is told of one entry of the store. */
export const partOf = ({ key }: Entry): { part: Part; name: string } | undefined => {
  const [part, prefix] = prefixes.find(([, prefix]) => key.startsWith(prefix)) ?? [];
  return part === undefined || prefix === undefined ? undefined : { part, name: key.slice(prefix.length) };
};

export class CaseNode {
  readonly name: string;
  readonly local = new LocalGroups();
  readiness: Readiness = {};
  observed: Observed = nothingObserved;
  renewal: Renewal;
  /** Owner writes that are on their way. */
  onItsWay: OwnerAction[] = [];
  /** Owner writes that were given up by this node, and may arrive all the same. */
  readonly lost: OwnerAction[] = [];
  isRunning = true;
  isConnected = true;
  isStopping = false;
  sending: readonly string[] = [];
  uploads = 0;
  lives = 1;
  #renewedAt = Number.NEGATIVE_INFINITY;
  readonly #store: MemoryStore;

  constructor(name: string, store: MemoryStore) {
    this.name = name;
    this.#store = store;
    this.renewal = this.#newLife();
  }

  #newLife(): Renewal {
    const revision = this.#store.entry(keys.node(this.name))?.revision ?? 0;
    const incarnation = `${this.name}${this.lives}`;
    return newLife({ incarnation, revision, fenceAfterMs: defaultTiming.fenceAfterMs });
  }

  /** A new process, or a new life of the old one. */
  begin(time: number): void {
    if (!this.isConnected) return;
    this.lives += 1;
    this.renewal = this.#newLife();
    this.local.clear();
    this.#renewedAt = Number.NEGATIVE_INFINITY;
    this.renew(time);
  }

  /** Renews if it is due; the answer comes at once. */
  renew(time: number): void {
    const isDue = time - this.#renewedAt >= defaultTiming.renewEveryMs;
    this.renewal = this.isRunning ? atTime(this.renewal, time) : this.renewal;
    if (!isDue || !this.isRunning || !this.isConnected || this.renewal.state === 'lost') return;
    this.#renewedAt = time;
    const { incarnation, counter, revision } = (this.renewal = sending(this.renewal, time));
    const record: NodeRecord = {
      version: 1,
      incarnation,
      counter,
      addresses: { peers: '', rest: '' },
      readiness: this.readiness,
    };
    const key = keys.node(this.name);
    const result = this.#store.commit([{ key, revision }], [{ put: key, value: record as unknown as Json }]);
    if (result.outcome === 'committed') {
      this.renewal = confirmed(this.renewal, { counter, revision: result.revision, time });
      return;
    }
    const found = this.#store.entry(key);
    const current = found?.value as unknown as NodeRecord | undefined;
    this.renewal = foundRecord(this.renewal, { record: current, revision: found?.revision ?? 0, time });
  }

  hear(entry: Entry, time: number): void {
    const place = partOf(entry);
    if (place === undefined) return;
    const { part, name } = place;
    this.observed = arrived(this.observed, part, { name, record: entry.value, revision: entry.revision }, time);
  }

  silenceAnew(time: number): void {
    this.observed = silenceAnew(this.observed, time);
  }

  view(time: number, wall: number, hour: number): View {
    const placement = new Placement();
    const nodes = [...this.observed.nodes.keys()];
    return {
      time,
      wall,
      hour,
      me: this.name,
      timing: defaultTiming,
      renewal: this.renewal,
      observed: this.observed,
      placement: new Map([...this.observed.groups.keys()].map((group) => [group, placement.order(group, nodes)])),
      local: this.local.snapshot(() => ({ sending: this.sending, uploads: this.uploads })),
      stopping: this.isStopping,
    };
  }

  /** Carries out what concerns this node alone, at once. */
  act(action: Action, time: number): void {
    switch (action.do) {
      case 'begin-life':
        return this.begin(time);
      case 'online':
        this.local.begin(action.group, action);
        for (const name of action.resources) this.local.setState(action.group, name, 'online');
        return undefined;
      case 'offline':
        for (const name of action.resources) this.local.setState(action.group, name, 'offline');
        if (action.resources.includes('spooler')) this.local.setResumed(action.group);
        return undefined;
      case 'hold':
        return this.local.setHeld(action.group, time);
      case 'close':
        return this.local.setClosed(action.group, time);
      case 'cut-off':
        this.sending = [];
        return undefined;
      case 'resume':
        return this.local.setResumed(action.group);
      case 'fence':
        return undefined;
      case 'claim':
      case 'hand-over':
      case 'release':
      case 'settle':
        this.onItsWay.push(action);
        return this.local.setWrite(action.group, { kind: action.do, revision: action.revision, outcome: 'sent' });
      default:
        return action satisfies never;
    }
  }

  /** What is on its way reaches the store, and the answers this node. */
  land(writes = this.onItsWay): void {
    for (const { group, revision, record } of writes.splice(0)) {
      const key = keys.owner(group);
      this.#store.commit([{ key, revision }], [{ put: key, value: record as unknown as Json }]);
      const open = this.local.get(group).write;
      if (open?.outcome === 'sent') this.local.setWrite(group, { ...open, outcome: 'done' });
    }
  }

  /** No answer came, and nothing arrives unless it is said to land. */
  loseAnswer(): void {
    const lost = this.onItsWay.splice(0);
    this.lost.push(...lost);
    for (const { group } of lost) {
      const open = this.local.get(group).write;
      if (open !== undefined)
        this.local.setWrite(group, open.kind === 'claim' ? undefined : { ...open, outcome: 'unknown' });
    }
  }
}
