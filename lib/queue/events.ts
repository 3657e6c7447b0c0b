// Keeps the events: written behind, in batches, never in the way of a job; the oldest go when there are too many. Several nodes write into
// one sequence: a number that another node took first is lost in a compare, and the next ones are taken. What a store that does not answer
// did not take waits for the next event.

import { PlatenError } from '../errors.js';
import { type EventCode, type EventRecord, eventCodes, troubles } from '../model/event.js';
import type { Clock } from '../platform/clock.js';
import type { Log } from '../platform/log.js';
import { keys } from '../store/keys.js';
import type { Change, Compare, Json, Store } from '../store/store.js';

export interface EventFields {
  readonly group?: string;
  readonly printer?: string;
  readonly job?: number;
  readonly text: string;
  /** Wall clock, where it is not now. */
  readonly at?: number;
}

export interface EventSink {
  note(code: EventCode, fields: EventFields): void;
}

const keptEvents = 5_000;
/** Events beyond this that wait to be written are dropped: they are news, not records. */
const mostWaiting = 1_000;
/** Events in one write: with those that they push out they stay below what etcd takes in one transaction (128). */
const batchSize = 50;
/** Tries for one batch while other nodes are always first. */
const mostTries = 20;

type Unnumbered = Omit<EventRecord, 'sequence'>;

export class EventLog implements EventSink {
  readonly #store: Store;
  readonly #node: string;
  readonly #clock: Clock;
  readonly #log: Log;
  #waiting: Unnumbered[] = [];
  #writing: Promise<void> | undefined;
  /** The outcome of the last write is not known: its events may be there under their numbers. */
  #isInDoubt = false;
  /** Number of the next event; undefined until the store was asked. */
  #next: number | undefined;

  constructor({ store, node, clock, log }: { store: Store; node: string; clock: Clock; log: Log }) {
    this.#store = store;
    this.#node = node;
    this.#clock = clock;
    this.#log = log;
  }

  note(code: EventCode, fields: EventFields): void {
    this.#log[troubles.has(code) ? 'warn' : 'info']({ event: code, ...fields }, eventCodes[code]);
    if (this.#waiting.length >= mostWaiting) return;
    this.#waiting.push({
      version: 1,
      at: this.#clock.wall(),
      code,
      node: this.#node,
      ...fields,
    });
    this.#writing ??= this.#write();
  }

  /** Newest first. */
  async recent(limit: number): Promise<EventRecord[]> {
    const { entries } = await this.#store.range(keys.events, { limit, order: 'descending' });
    return entries.map(({ value }) => value as unknown as EventRecord);
  }

  async settled(): Promise<void> {
    await this.#writing;
  }

  async #write(): Promise<void> {
    // One turn later, so that what happens together is written together.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, batchSize);
      try {
        await this.#keep(batch);
      } catch (error) {
        const isSilent = error instanceof PlatenError && error.code === 'store-unreachable';
        this.#log.warn(isSilent ? {} : { err: error }, 'events could not be kept');
        if (isSilent) this.#waiting = [...batch, ...this.#waiting].slice(0, mostWaiting);
        if (isSilent) break;
      }
    }
    this.#writing = undefined;
  }

  /** How many of the first ones are there: a write whose outcome was not known was made. */
  async #countKept(events: readonly EventRecord[]): Promise<number> {
    for (const [index, event] of events.entries()) {
      const entry = await this.#store.get(keys.event(event.sequence));
      if (JSON.stringify(entry?.value) !== JSON.stringify(event)) return index;
    }
    return events.length;
  }

  async #findNext(): Promise<number> {
    const [last] = await this.recent(1);
    return (last?.sequence ?? 0) + 1;
  }

  async #keep(batch: readonly Unnumbered[]): Promise<void> {
    let rest = batch;
    for (let tries = 0; tries < mostTries; tries += 1) {
      const first = (this.#next ??= await this.#findNext());
      const events = rest.map((event, index): EventRecord => ({ ...event, sequence: first + index }));
      const compares = events.map(({ sequence }): Compare => ({ key: keys.event(sequence), revision: 0 }));
      const result = await this.#store.txn(compares, events.flatMap(changesFor));
      const wasInDoubt = this.#isInDoubt;
      this.#isInDoubt = result.outcome === 'unknown';
      if (result.outcome === 'committed') {
        this.#next = first + rest.length;
        return;
      }
      if (result.outcome === 'unknown') throw new PlatenError('store-unreachable', undefined, { cause: result.cause });
      const kept = wasInDoubt ? await this.#countKept(events) : 0;
      this.#next = kept === 0 ? undefined : first + kept;
      rest = rest.slice(kept);
      if (rest.length === 0) return;
    }
    this.#log.warn({}, 'events could not be kept: other nodes were always first');
  }
}

/** The event, and the one that it pushes out. */
const changesFor = (event: EventRecord): Change[] => [
  { put: keys.event(event.sequence), value: event as unknown as Json },
  ...(event.sequence > keptEvents ? [{ delete: keys.event(event.sequence - keptEvents) }] : []),
];
