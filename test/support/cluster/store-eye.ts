// What the store says of owners and nodes, noted as it arrives: who owned what when, at which epoch, and who was fenced.

import { setTimeout as pause } from 'node:timers/promises';
import type { NodeRecord } from '../../../lib/model/cluster.js';
import type { OwnerRecord } from '../../../lib/model/ownership.js';
import { keys } from '../../../lib/store/keys.js';
import type { Store, WatchEvent } from '../../../lib/store/store.js';

export interface OwnerChange {
  readonly group: string;
  readonly owner: OwnerRecord;
  /** Wall clock, ms since 1970, like all times here. */
  readonly at: number;
}

export interface Fencing {
  readonly node: string;
  readonly incarnation: string;
  readonly by: string;
  readonly because: string;
  readonly at: number;
}

export class StoreEye {
  readonly owners: OwnerChange[] = [];
  readonly fencings: Fencing[] = [];
  /** Incarnation → when it was heard of last. */
  readonly heard = new Map<string, number>();
  /** Node → how often it was heard of. */
  readonly renewals = new Map<string, number>();
  readonly #store: Store;
  readonly #over = new AbortController();
  #wake: (() => void)[] = [];
  readonly #ended: Promise<unknown>;

  constructor(store: Store) {
    this.#store = store;
    this.#ended = Promise.all([this.#watch(keys.owners), this.#watch(keys.nodes)]);
  }

  /** The last that was seen of the group. */
  owner(group: string): OwnerRecord | undefined {
    return this.owners.findLast((change) => change.group === group)?.owner;
  }

  /** Changes of owner, without the records that a settling wrote anew. */
  changes(group: string): readonly OwnerChange[] {
    const own = this.owners.filter((change) => change.group === group);
    return own.filter(({ owner }, at) => owner.epoch !== own[at - 1]?.owner.epoch);
  }

  /** Resolves with the first answer that is not undefined; asked anew at each event. */
  async until<Answer>(ask: () => Answer | undefined, what: string, timeoutMs = 20_000): Promise<Answer> {
    const deadline = performance.now() + timeoutMs;
    const wake = (): void => {
      for (const waiting of this.#wake.splice(0)) waiting();
    };
    const timer = setTimeout(wake, timeoutMs);
    try {
      for (;;) {
        const answer = ask();
        if (answer !== undefined) return answer;
        if (performance.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${what}`);
        await new Promise<void>((resolve) => this.#wake.push(resolve));
      }
    } finally {
      clearTimeout(timer);
    }
  }

  /** Resolves when each of these nodes was heard of so many times more. */
  async heardAgain(nodes: readonly string[], times: number): Promise<void> {
    const wanted = nodes.map((node) => [node, (this.renewals.get(node) ?? 0) + times] as const);
    await this.until(
      () => (wanted.every(([node, count]) => (this.renewals.get(node) ?? 0) >= count) ? true : undefined),
      `renewals of ${nodes.join(', ')}`,
    );
  }

  async close(): Promise<void> {
    this.#over.abort();
    await this.#ended;
  }

  async #watch(prefix: string): Promise<void> {
    const { signal } = this.#over;
    let from = 1;
    while (!signal.aborted)
      try {
        for await (const events of this.#store.watch(prefix, from, signal))
          for (const event of events) {
            from = Math.max(from, (event.kind === 'put' ? event.entry.revision : event.revision) + 1);
            this.#note(prefix, event);
          }
      } catch {
        // No member answers just now.
        await pause(50);
      }
  }

  #note(prefix: string, event: WatchEvent): void {
    if (event.kind !== 'put') return;
    const at = Date.now();
    const { key, value } = event.entry;
    const name = key.slice(prefix.length);
    if (prefix === keys.owners) this.owners.push({ group: name, owner: value as unknown as OwnerRecord, at });
    else {
      const { incarnation, fenced } = value as unknown as NodeRecord;
      if (fenced === undefined) {
        this.heard.set(incarnation, at);
        this.renewals.set(name, (this.renewals.get(name) ?? 0) + 1);
      } else this.fencings.push({ node: name, incarnation, ...fenced, at });
    }
    for (const wake of this.#wake.splice(0)) wake();
  }
}
