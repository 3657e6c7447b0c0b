// A simulated cluster under random faults. Watches, every few ms of world time, who acts for each group.

import type { LabNode } from './cluster-lab.js';
import { ClusterLab } from './cluster-lab.js';
import { FakeClock } from './fake-clock.js';
import { MemoryStore } from './memory-store.js';

export type Fault =
  | { readonly kind: 'cut'; readonly node: number; readonly at: number; readonly for: number }
  | {
      readonly kind: 'pause';
      readonly node: number;
      readonly at: number;
      readonly for: number;
      readonly answersFirst: boolean;
    }
  | { readonly kind: 'crash'; readonly node: number; readonly at: number; readonly for: number }
  | { readonly kind: 'slow'; readonly node: number; readonly at: number; readonly for: number; readonly ms: number }
  | { readonly kind: 'lossy'; readonly node: number; readonly at: number; readonly for: number }
  | { readonly kind: 'deaf'; readonly node: number; readonly at: number; readonly for: number }
  | { readonly kind: 'move'; readonly node: number; readonly at: number }
  | { readonly kind: 'compact'; readonly at: number };

export interface Script {
  readonly seed: number;
  readonly nodes: readonly { readonly offset: number; readonly rate: number }[];
  readonly faults: readonly Fault[];
  /** No fault touches the first node: it must take what is free in time. */
  readonly isFirstWell: boolean;
}

const groups = ['sales', 'stock'];
const sampleMs = 20;
const healMs = 12_000;
/** A free group must be taken within this while a node is well: stagger, delays and one lost try. */
const freeLimitMs = 3_000;

/** mulberry32: small and repeatable. */
export const random = (seed: number): (() => number) => {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
};

interface Way {
  cut: boolean;
  lossy: boolean;
  slowMs: number;
  deafMs: number;
}

export class ClusterWorld {
  readonly clock = new FakeClock();
  readonly #store = new MemoryStore();
  readonly #lab = new ClusterLab({ store: this.#store, clock: this.clock });
  readonly #random: () => number;
  readonly #script: Script;
  readonly #nodes: (LabNode | undefined)[] = [];
  readonly #ways: Way[] = [];
  readonly #epochs = new Map<string, number>();
  readonly #stored = new Map<string, number>();
  readonly #freeSince = new Map<string, number>();
  /** What must never happen, and did. */
  readonly breaches: string[] = [];
  /** How often somebody acted, and how many changes of owner there were. */
  acts = 0;
  changes = 0;

  constructor(script: Script) {
    this.#script = script;
    this.#random = random(script.seed);
  }

  async run(): Promise<void> {
    const { nodes, faults } = this.#script;
    for (const group of groups) await this.#lab.group(group);
    for (const index of nodes.keys()) this.#start(index);
    const steps = faults.flatMap((fault) => this.#steps(fault)).toSorted((a, b) => a.at - b.at);
    const end = (steps.at(-1)?.at ?? 0) + healMs;
    while (this.clock.monotonic() < end) {
      while ((steps[0]?.at ?? Number.POSITIVE_INFINITY) <= this.clock.monotonic()) await steps.shift()?.step();
      await this.clock.advance(sampleMs);
      await this.#sample();
    }
    for (const group of groups)
      if (this.#actors(group).length !== 1)
        this.breaches.push(`${group} has no owner ${healMs} ms after the last fault`);
    for (const node of this.#nodes) node?.clock.kill();
  }

  #start(index: number): void {
    const name = 'abcd'[index] ?? 'x';
    const node = this.#lab.node(name, this.#script.nodes[index] ?? {});
    const way: Way = { cut: false, lossy: false, slowMs: 0, deafMs: 0 };
    const delay = (): number => this.#random() * 15 + (this.#random() < 0.3 ? way.slowMs * this.#random() : 0);
    node.way.faults = {
      request: delay,
      answer: () => delay() + way.deafMs * this.#random(),
      losesRequest: () => way.lossy && this.#random() < 0.3,
      losesAnswer: () => way.lossy && this.#random() < 0.3,
      isCut: () => way.cut,
    };
    node.resources.delay = () => node.clock.sleep(this.#random() * 40);
    this.#nodes[index] = node;
    this.#ways[index] = way;
    node.node.start();
  }

  #steps(fault: Fault): { at: number; step: () => Promise<void> | void }[] {
    if (fault.kind === 'compact') return [{ at: fault.at, step: () => this.#store.compact() }];
    const way = (change: (way: Way) => void): void => {
      const one = this.#ways[fault.node];
      if (one !== undefined) change(one);
    };
    const span = (start: (way: Way) => void, end: (way: Way) => void) => [
      { at: fault.at, step: () => way(start) },
      { at: fault.at + ('for' in fault ? fault.for : 0), step: () => way(end) },
    ];
    const node = (): LabNode | undefined => this.#nodes[fault.node];
    switch (fault.kind) {
      case 'cut':
        return span(
          (way) => (way.cut = true),
          (way) => (way.cut = false),
        );
      case 'slow':
        return span(
          (way) => (way.slowMs = fault.ms),
          (way) => (way.slowMs = 0),
        );
      case 'lossy':
        return span(
          (way) => (way.lossy = true),
          (way) => (way.lossy = false),
        );
      case 'deaf':
        return span(
          (way) => (way.deafMs = 3_000),
          (way) => (way.deafMs = 0),
        );
      case 'pause': {
        // It runs again and has handled nothing yet.
        const shuffle = (overdue: (() => void)[]) => {
          this.#lookAtActors();
          return fault.answersFirst ? overdue.toReversed() : overdue;
        };
        return [
          { at: fault.at, step: () => node()?.clock.pause() },
          { at: fault.at + fault.for, step: () => node()?.clock.resume(shuffle) },
        ];
      }
      case 'crash':
        return [
          {
            at: fault.at,
            step: () => {
              node()?.clock.kill();
              this.#nodes[fault.node] = undefined;
            },
          },
          { at: fault.at + fault.for, step: () => (node() === undefined ? this.#start(fault.node) : undefined) },
        ];
      case 'move':
        return [{ at: fault.at, step: () => this.#askToMove('abcd'[fault.node] ?? 'a') }];
      default:
        return fault satisfies never;
    }
  }

  async #askToMove(to: string): Promise<void> {
    const owner = await this.#lab.owner('sales');
    if (owner !== undefined) await this.#lab.group('sales', { move: { to, epoch: owner.epoch } });
  }

  /** Nodes that would send a byte now. */
  #actors(group: string): { name: string; epoch: number }[] {
    return this.#nodes.flatMap((node) => {
      const tenure = node?.resources.up.get(`${group}/spooler`);
      if (node === undefined || tenure === undefined || !node.clock.runs || !tenure.holds()) return [];
      return [{ name: node.name, epoch: tenure.epoch }];
    });
  }

  #lookAtActors(): void {
    const now = this.clock.monotonic();
    for (const group of groups) {
      const actors = this.#actors(group);
      const said = actors.map(({ name, epoch }) => `${name}@${epoch}`).join(' and ');
      if (actors.length > 1) this.breaches.push(`${now}: ${said} act for ${group}`);
      for (const { epoch } of actors) {
        if (epoch < (this.#epochs.get(group) ?? 0)) this.breaches.push(`${now}: ${said} acts for ${group} too late`);
        this.#epochs.set(group, Math.max(epoch, this.#epochs.get(group) ?? 0));
        this.acts += 1;
      }
    }
  }

  async #sample(): Promise<void> {
    this.#lookAtActors();
    for (const group of groups) await this.#lookAtStore(group, this.clock.monotonic());
  }

  async #lookAtStore(group: string, now: number): Promise<void> {
    const owner = await this.#lab.owner(group);
    const before = this.#stored.get(group) ?? 0;
    if ((owner?.epoch ?? 0) < before) this.breaches.push(`${now}: the epoch of ${group} went back`);
    if ((owner?.epoch ?? 0) > before) this.changes += 1;
    this.#stored.set(group, owner?.epoch ?? 0);
    if (!(await this.#lab.isFree(group))) {
      this.#freeSince.delete(group);
      return;
    }
    const since = this.#freeSince.get(group) ?? now;
    this.#freeSince.set(group, since);
    if (this.#script.isFirstWell && now - since === freeLimitMs)
      this.breaches.push(`${now}: ${group} was free for ${freeLimitMs} ms`);
  }
}
