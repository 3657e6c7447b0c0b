// The loops that watch nodes, owners, groups and the cluster's record. A watch that breaks goes on from the next revision and the silence
// counts on; only a compaction, or a gap in our own renewals, starts it anew (DESIGN section 5).

import { PlatenError } from '../errors.js';
import type { Clock } from '../platform/clock.js';
import type { Log } from '../platform/log.js';
import { keys } from '../store/keys.js';
import type { Entry, Range, Store, WatchEvent } from '../store/store.js';
import { arrived, listed, nothingObserved, silenceAnew, type Change, type Observed, type Part } from './observed.js';
import type { Timing } from './timing.js';

export interface ObserverParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly timing: Timing;
  readonly node: string;
  readonly onChange: () => void;
}

const prefixes: Readonly<Record<Part, string>> = {
  nodes: keys.nodes,
  owners: keys.owners,
  groups: keys.groups,
  formats: keys.formatsAll,
  cluster: keys.cluster,
};
const parts = Object.keys(prefixes) as readonly Part[];

/** Before a broken watch is resumed. */
const resumeAfterMs = 50;

export class Observer {
  readonly #parts: ObserverParts;
  readonly #stopped = new AbortController();
  readonly #listed = new Set<Part>();
  #observed: Observed = nothingObserved;
  #heardSelfAt = Number.NEGATIVE_INFINITY;

  constructor(parts: ObserverParts) {
    this.#parts = parts;
  }

  get observed(): Observed {
    return this.#observed;
  }

  /** Everything was read once: until then nothing may be decided. */
  get isComplete(): boolean {
    return this.#listed.size === parts.length;
  }

  start(): void {
    for (const part of parts) void this.#run(part);
  }

  stop(): void {
    this.#stopped.abort();
  }

  async #run(part: Part): Promise<void> {
    const { clock, log } = this.#parts;
    const { signal } = this.#stopped;
    let next: number | undefined;
    while (!signal.aborted) {
      try {
        next ??= await this.#list(part);
        for await (const batch of this.#parts.store.watch(prefixes[part], next, signal)) {
          next = this.#take(part, batch, next);
          if (signal.aborted) return;
        }
      } catch (error) {
        log.debug({ err: error, part }, 'a watch broke');
        if (error instanceof PlatenError && error.code === 'store-compacted') next = undefined;
      }
      await clock.sleep(resumeAfterMs, signal);
    }
  }

  /** Reads the whole part; returns the revision from which to watch. */
  async #list(part: Part): Promise<number> {
    const entries: Entry[] = [];
    let revision: number | undefined;
    let page: Range | undefined;
    do {
      const last: string | undefined = entries.at(-1)?.key;
      page = await this.#parts.store.range(prefixes[part], last === undefined ? {} : { from: `${last}\0` });
      revision ??= page.revision;
      entries.push(...page.entries);
    } while (page.more);
    const time = this.#parts.clock.monotonic();
    const changes = entries.map((entry) => this.#change(part, entry.key, entry.revision, entry.value));
    this.#observed = listed(this.#observed, { part, entries: changes, revision, time });
    if (part === 'nodes') this.#observed = silenceAnew(this.#observed, time);
    this.#listed.add(part);
    this.#parts.onChange();
    return revision + 1;
  }

  #change(part: Part, key: string, revision: number, record?: unknown): Change {
    return { name: key.slice(prefixes[part].length), record, revision };
  }

  /** Takes one batch in; returns the revision after it. */
  #take(part: Part, batch: readonly WatchEvent[], from: number): number {
    const time = this.#parts.clock.monotonic();
    let next = from;
    for (const event of batch) {
      const change =
        event.kind === 'put'
          ? this.#change(part, event.entry.key, event.entry.revision, event.entry.value)
          : this.#change(part, event.key, event.revision);
      this.#observed = arrived(this.#observed, part, change, time);
      if (part === 'nodes' && change.name === this.#parts.node) this.#heardSelf(time);
      next = Math.max(next, change.revision + 1);
    }
    this.#parts.onChange();
    return next;
  }

  /** Our own renewal came back: before it, for that long, nothing may have been listened to. */
  #heardSelf(time: number): void {
    const gap = time - this.#heardSelfAt;
    this.#heardSelfAt = time;
    if (gap > this.#parts.timing.fenceAfterMs) this.#observed = silenceAnew(this.#observed, time);
  }
}
