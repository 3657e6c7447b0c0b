// Keeps changes of owner on record: written by the new owner when the group accepts, and once more when its first octet left. Bounded.

import { inOrderOfDependency, type GroupRecord } from '../model/cluster.js';
import type { TakeoverRecord, TakeoverStages } from '../model/takeover.js';
import type { Clock } from '../platform/clock.js';
import type { Log } from '../platform/log.js';
import { keys } from '../store/keys.js';
import type { Json, Store } from '../store/store.js';
import { type Changes, changesSince, nothingRemembered } from './change-watch.js';
import type { View } from './view.js';
import { isWanted } from './offlining.js';

const keptRecords = 100;

export class TakeoverLog {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #log: Log;
  #remembered = nothingRemembered;
  /** Group → the change of owner that brought it here last. */
  readonly #records = new Map<string, TakeoverRecord>();
  /** Group → the epoch at which it was up: what comes online later is no takeover. */
  readonly #up = new Map<string, number>();
  #writing: Promise<void> = Promise.resolve();

  constructor({ store, clock, log }: { store: Store; clock: Clock; log: Log }) {
    this.#store = store;
    this.#clock = clock;
    this.#log = log;
  }

  /** Told at every look; says what is new. */
  look(view: View): Changes {
    const changes = changesSince(this.#remembered, view);
    this.#remembered = changes.remembered;
    for (const record of changes.taken) this.#records.set(record.group, record);
    return changes;
  }

  /** A resource came online here. The last one that is wanted ends the takeover. */
  online(group: GroupRecord, resource: string): void {
    const epoch = this.#records.get(group.name)?.epoch;
    if (epoch === undefined || this.#up.get(group.name) === epoch) return;
    const kind = group.resources?.find(({ name }) => name === resource)?.kind;
    if (kind === 'ip-address') this.#reach(group.name, 'addressUp');
    if (kind === 'print-spooler') this.#reach(group.name, 'accepting');
    const last = inOrderOfDependency(group).findLast((each) => isWanted(group, each));
    const record = this.#records.get(group.name);
    if (last?.name !== resource || record === undefined) return;
    this.#up.set(group.name, epoch);
    this.#write(record);
  }

  /** The first octet of a document left for a device under this epoch; told again, it changes nothing. */
  firstByte(group: string, epoch: number): void {
    const record = this.#records.get(group);
    if (record?.epoch !== epoch || record.stages.firstByte !== undefined) return;
    this.#write(this.#reach(group, 'firstByte') ?? record);
  }

  /** The newest first. */
  async of(group: string): Promise<readonly TakeoverRecord[]> {
    const { entries } = await this.#store.range(keys.history(group), { order: 'descending', limit: keptRecords });
    return entries.map(({ value }) => value as unknown as TakeoverRecord);
  }

  async settled(): Promise<void> {
    await this.#writing;
  }

  /** Only the first time counts: a resource may come online again later. */
  #reach(group: string, stage: Exclude<keyof TakeoverStages, 'fenced'>): TakeoverRecord | undefined {
    const record = this.#records.get(group);
    if (record === undefined || record.stages[stage] !== undefined) return record;
    const reached = { ...record, stages: { ...record.stages, [stage]: this.#clock.wall() } };
    this.#records.set(group, reached);
    return reached;
  }

  /** One after the other, never in the way of anything. */
  #write(record: TakeoverRecord): void {
    this.#writing = this.#writing.then(() => this.#put(record));
  }

  async #put(record: TakeoverRecord): Promise<void> {
    const { group, epoch } = record;
    try {
      const { entries } = await this.#store.range(keys.history(group), { limit: keptRecords });
      const old = entries.filter(({ key }) => key <= keys.takeover(group, Math.max(0, epoch - keptRecords)));
      await this.#store.txn(
        [],
        [
          { put: keys.takeover(group, epoch), value: record as unknown as Json },
          ...old.map(({ key }) => ({ delete: key })),
        ],
      );
    } catch (error) {
      this.#log.warn({ err: error, group, epoch }, 'a change of owner could not be kept');
    }
  }
}
