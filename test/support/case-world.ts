// Plays a cluster case: `decide` for each node over a store in memory. A wrong expectation says what was found instead.

import { decide } from '../../lib/cluster/decide.js';
import type { Action } from '../../lib/cluster/decision.js';
import type { GroupRecord, ResourceRecord } from '../../lib/model/cluster.js';
import type { NodeRecord } from '../../lib/model/cluster.js';
import type { OwnerRecord } from '../../lib/model/ownership.js';
import { lost } from '../../lib/cluster/renewal.js';
import { keys } from '../../lib/store/keys.js';
import type { Json } from '../../lib/store/store.js';
import type { AtLine, Case, Line } from './case-file.js';
import { CaseNode } from './case-node.js';
import { MemoryStore } from './memory-store.js';

const stepMs = 100;
/** The case begins here: late enough for everything that happened before. */
const startMs = 1_000_000;

const resources: readonly ResourceRecord[] = [
  { name: 'address', kind: 'ip-address', value: '127.0.0.9', wanted: 'online' },
  { name: 'name', kind: 'network-name', value: 'sales', wanted: 'online' },
  { name: 'spooler', kind: 'print-spooler', wanted: 'online' },
];

const ms = (text: string | undefined): number => {
  const [, number, unit] = /^([0-9.]+)(s|m)$/.exec(text ?? '') ?? [];
  if (number === undefined) throw new Error(`no duration: ${text}`);
  return Math.round(Number(number) * (unit === 'm' ? 60_000 : 1_000));
};

const settings = (words: readonly string[]): Record<string, string> =>
  Object.fromEntries(words.map((word) => word.split('=', 2)));

/** An action as a case says it. */
export const actionText = (action: Action): string => {
  switch (action.do) {
    case 'begin-life':
      return 'begin a new life';
    case 'fence':
      return `fence ${action.node}`;
    case 'online':
    case 'offline':
      return `${action.do} ${action.resources.join(', ')}`;
    case 'claim':
      return `claim ${action.group} after=${action.record.epoch - 1}`;
    case 'hand-over':
      return `hand ${action.group} over to ${action.record.node} after=${action.record.epoch - 1}`;
    case 'hold':
    case 'cut-off':
    case 'close':
    case 'resume':
    case 'release':
    case 'settle':
      return `${action.do} ${action.group}`;
    default:
      return action satisfies never;
  }
};

type Facts = Readonly<Record<string, (words: readonly string[]) => void>>;

export class CaseWorld {
  readonly #case: Case;
  readonly #store = new MemoryStore();
  readonly #nodes = new Map<string, CaseNode>();
  readonly #heard = new Map<string, number>();
  #time = startMs;
  #hour = 12;

  constructor(story: Case) {
    this.#case = story;
  }

  /** Throws with file, line and what was found at the first line that does not come true. */
  play(): void {
    for (const line of this.#case.lines) {
      try {
        this.#playLine(line);
      } catch (error) {
        const when = `${((this.#time - startMs) / 1000).toFixed(1)}s after the beginning`;
        const message = error instanceof Error ? error.message : String(error);
        throw new Error(`${this.#case.name}:${line.number} (${when})\n  ${line.text}\n  ${message}`, { cause: error });
      }
    }
  }

  #playLine(line: Line): void {
    if (line.kind === 'at') return this.#expect(line.at);
    const [verb = '', ...words] = line.words;
    if (verb === 'then') return this.#then(words);
    const fact = this.#facts[verb];
    if (fact === undefined) throw new Error(`no such word: ${verb}`);
    fact(words);
    this.#spread();
  }

  #expect({ node: name, actions, because }: AtLine): void {
    const node = this.#node(name);
    const decision = decide(node.view(this.#time, this.#time, this.#hour));
    const found = decision.actions.map(actionText);
    const said = decision.because.map(({ about, text }) => `    ${about}: ${text}`).join('\n');
    const isSaid = because === undefined || decision.because.some(({ text }) => text === because);
    if (!isSaid || found.join('; ') !== actions.join('; '))
      throw new Error(`found instead: ${found.length === 0 ? 'nothing' : found.join('; ')}\n${said}`);
    for (const action of decision.actions) {
      if (action.do === 'fence' && node.isConnected) {
        const value = { ...action.record, fenced: { by: name, because: action.because } } as unknown as Json;
        this.#store.commit(
          [{ key: keys.node(action.node), revision: action.revision }],
          [{ put: keys.node(action.node), value }],
        );
      }
      node.act(action, this.#time);
    }
    this.#spread();
  }

  readonly #facts: Facts = {
    nodes: (words) => {
      for (const [name, kind] of Object.entries(settings(words))) this.#addNode(name, kind ?? 'up');
    },
    group: ([name = '', ...words]) => this.#addGroup(name, settings(words)),
    store: ([, , node = '', , since]) => {
      const one = this.#node(node);
      const wasReachable = one.isConnected;
      one.isConnected = false;
      if (since !== undefined && wasReachable) this.#backdate(one, ms(since));
    },
    reconnect: ([node = '']) => {
      this.#node(node).isConnected = true;
      this.#heard.delete(node);
    },
    wait: ([time]) => this.#wait(ms(time)),
    dies: ([node = '']) => {
      this.#node(node).loseAnswer();
      this.#node(node).isRunning = false;
      this.#node(node).local.clear();
    },
    stops: ([node = '']) => {
      this.#node(node).isRunning = false;
    },
    continues: ([node = '']) => {
      this.#node(node).isRunning = true;
    },
    starts: ([node = '']) => {
      this.#node(node).isStopping = false;
      this.#node(node).readiness = {};
      this.#node(node).isRunning = true;
      this.#node(node).begin(this.#time);
    },
    leaves: ([node = '']) => {
      this.#node(node).isStopping = true;
      this.#node(node).readiness = { none: 'it stops' };
    },
    loses: ([node = '', ...words]) => {
      const one = this.#node(node);
      one.renewal = lost(one.renewal, words.join(' '));
    },
    sends: ([node = '', ...words]) => {
      this.#node(node).sending = words.length === 0 ? [] : [words.join(' ')];
    },
    uploads: ([node = '', count]) => {
      this.#node(node).uploads = Number(count);
    },
    lands: ([node = '']) => this.#node(node).land(this.#node(node).lost),
    unheard: ([node = '']) => this.#node(node).loseAnswer(),
    unready: ([node = '', ...words]) => {
      this.#node(node).readiness = { none: words.join(' ') };
    },
    fails: ([node = '', name = '']) => {
      const [group = '', resource = ''] = name.split('/');
      this.#node(node).local.setState(group, resource, 'failed', this.#time);
    },
    drain: (words) => this.#put(keys.cluster, { version: 1, paused: words }),
    move: ([group = '', , to = '', now]) => {
      const { epoch } = this.#owner(group);
      this.#change(group, { move: { to, epoch, ...(now === 'now' ? { now: true } : {}) } });
    },
    unmove: ([group = '']) => {
      const { move: _, ...rest } = this.#record(group);
      this.#put(keys.group(group), rest);
    },
    want: ([name = '', wanted]) => {
      const [group = '', resource = ''] = name.split('/');
      const list = (this.#record(group).resources ?? []).map((each) =>
        each.name === resource
          ? { ...each, wanted: wanted === 'online' ? ('online' as const) : ('offline' as const) }
          : each,
      );
      this.#change(group, { resources: list });
    },
    remove: ([group = '']) => {
      this.#store.commit([], [{ delete: keys.group(group) }]);
      for (const node of this.#nodes.values()) {
        const groups = new Map(node.observed.groups);
        groups.delete(group);
        node.observed = { ...node.observed, groups };
      }
    },
    hour: ([hour]) => {
      this.#hour = Number(hour);
    },
  };

  #node(name: string): CaseNode {
    const node = this.#nodes.get(name);
    if (node === undefined) throw new Error(`no such node: ${name}`);
    return node;
  }

  #owner(group: string): OwnerRecord {
    return this.#store.entry(keys.owner(group))?.value as unknown as OwnerRecord;
  }

  #record(group: string): GroupRecord {
    return this.#store.entry(keys.group(group))?.value as unknown as GroupRecord;
  }

  #put(key: string, value: unknown): number {
    const result = this.#store.commit([], [{ put: key, value: value as Json }]);
    return result.outcome === 'committed' ? result.revision : 0;
  }

  #change(group: string, change: Partial<GroupRecord>): void {
    this.#put(keys.group(group), { ...this.#record(group), ...change });
  }

  #addNode(name: string, kind: string): void {
    const node = new CaseNode(name, this.#store);
    if (kind === 'witness') node.readiness = { witness: true };
    this.#nodes.set(name, node);
    node.renew(this.#time);
    node.isRunning = kind !== 'down';
  }

  #addGroup(name: string, said: Record<string, string>): void {
    const list = (text: string | undefined) => text?.split(',');
    const { owner, epoch, preferred, possible, failback, jobs, uploads, failovers } = said;
    const { preferredOwners, possibleOwners } = { preferredOwners: list(preferred), possibleOwners: list(possible) };
    const [from = '', to = ''] = failback?.split('-') ?? [];
    const policy =
      failback === 'immediate' ? { policy: failback } : { policy: 'hours', from: Number(from), to: Number(to) };
    this.#put(keys.group(name), {
      version: 1,
      name,
      resources,
      ...(preferredOwners && { preferredOwners }),
      ...(possibleOwners && { possibleOwners }),
      ...(failback && { failback: policy }),
      ...(failovers && { failover: { threshold: Number(failovers), periodMs: 3_600_000 } }),
      ...(jobs && { jobCompletionTimeoutMs: ms(jobs) }),
      ...(uploads && { uploadGraceMs: ms(uploads) }),
    });
    if (owner === undefined) return;
    const node = this.#node(owner);
    const { incarnation } = node.renewal;
    const record: OwnerRecord = { version: 1, node: owner, incarnation, epoch: Number(epoch) };
    const revision = this.#put(keys.owner(name), record);
    // Everything else renews after this, so that what is known of nodes is not older than the owner record.
    this.#wait(300);
    if (node.isRunning)
      node.act(
        { do: 'online', group: name, resources: ['address', 'name', 'spooler'], epoch: Number(epoch), revision },
        this.#time,
      );
  }

  /** The node's last renewal was so long ago, as everybody saw it. */
  #backdate(node: CaseNode, age: number): void {
    const at = this.#time - age;
    const { renewal } = node;
    const sent = new Map(renewal.sent).set(renewal.counter, at);
    node.renewal = { ...renewal, sent, deadline: at + renewal.fenceAfterMs };
    for (const other of this.#nodes.values()) {
      const seen = other.observed.nodes.get(node.name);
      if (seen === undefined || other === node) continue;
      const nodes = new Map(other.observed.nodes).set(node.name, { ...seen, heardAt: at });
      other.observed = { ...other.observed, nodes };
    }
  }

  #wait(time: number): void {
    const end = this.#time + time;
    while (this.#time < end) {
      this.#time = Math.min(end, this.#time + stepMs);
      for (const node of this.#nodes.values()) node.renew(this.#time);
      this.#spread();
    }
  }

  /** Everybody who can hear hears what is new. A node that was away counts the others' silence from now. */
  #spread(): void {
    for (const node of this.#nodes.values()) {
      if (!node.isConnected || !node.isRunning) continue;
      const from = this.#heard.get(node.name);
      for (const entry of this.#store.since(from ?? 0)) node.hear(entry, this.#time);
      if (from === undefined) node.silenceAnew(this.#time);
      this.#heard.set(node.name, this.#store.revision);
    }
  }

  /** Writes that are on their way arrive; then the store says so. */
  #then([subject = '', ...words]: readonly string[]): void {
    for (const node of this.#nodes.values()) if (node.isConnected && node.isRunning) node.land();
    this.#spread();
    const record = this.#store.entry(keys.node(subject))?.value as unknown as NodeRecord | undefined;
    if (record !== undefined) {
      const state = record.fenced === undefined ? 'alive' : 'fenced';
      if (words.join(' ') !== state) throw new Error(`found instead: ${subject} ${state}`);
      return;
    }
    const { node, epoch, released } = this.#owner(subject);
    const found = `owner=${released ? 'none' : node} epoch=${epoch}`;
    if (words.join(' ') !== found) throw new Error(`found instead: ${subject} ${found}`);
  }
}
