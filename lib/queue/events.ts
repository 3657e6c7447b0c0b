// Keeps the events: written behind, in batches, never in the way of a job; the oldest go when there are too many.

import { type EventCode, type EventRecord, eventCodes } from '../model/event.js';
import type { Clock } from '../platform/clock.js';
import type { Log } from '../platform/log.js';
import { keys } from '../store/keys.js';
import type { Change, Json, Store } from '../store/store.js';

export interface EventFields {
  readonly group?: string;
  readonly printer?: string;
  readonly job?: number;
  readonly text: string;
}

export interface EventSink {
  note(code: EventCode, fields: EventFields): void;
}

const keptEvents = 5_000;
/** Events beyond this that wait to be written are dropped: they are news, not records. */
const mostWaiting = 1_000;

export class EventLog implements EventSink {
  readonly #store: Store;
  readonly #node: string;
  readonly #clock: Clock;
  readonly #log: Log;
  #waiting: EventRecord[] = [];
  #writing: Promise<void> | undefined;
  #next = 1;

  constructor({ store, node, clock, log }: { store: Store; node: string; clock: Clock; log: Log }) {
    this.#store = store;
    this.#node = node;
    this.#clock = clock;
    this.#log = log;
  }

  async load(): Promise<void> {
    const [last] = await this.recent(1);
    this.#next = (last?.sequence ?? 0) + 1;
  }

  note(code: EventCode, fields: EventFields): void {
    this.#log.info({ event: code, ...fields }, eventCodes[code]);
    if (this.#waiting.length >= mostWaiting) return;
    this.#waiting.push({
      version: 1,
      sequence: this.#next++,
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
      const batch = this.#waiting.splice(0, 100);
      const changes: Change[] = batch.flatMap((event) => [
        { put: keys.event(event.sequence), value: event as unknown as Json },
        ...(event.sequence > keptEvents ? [{ delete: keys.event(event.sequence - keptEvents) }] : []),
      ]);
      try {
        const result = await this.#store.txn([], changes);
        if (result.outcome === 'unknown') this.#log.warn({ err: result.cause }, 'events may not have been kept');
      } catch (error) {
        this.#log.warn({ err: error }, 'events could not be kept');
      }
    }
    this.#writing = undefined;
  }
}
