// The writes that a decision asks for: fences, claims, hand-overs, releases, settlements. Each compares the revision that was decided upon.

import type { Clock } from '../platform/clock.js';
import type { Log } from '../platform/log.js';
import { keys } from '../store/keys.js';
import type { Json, Store, TxnResult } from '../store/store.js';
import type { Action, OwnerAction } from './decision.js';
import type { LocalGroups } from './local-groups.js';
import type { EpochMemory } from './resources.js';
import type { Timing } from './timing.js';
import type { OwnerWrite } from './view.js';

export interface OwnerWritesParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly timing: Timing;
  readonly node: string;
  readonly memory: EpochMemory;
  readonly local: LocalGroups;
  readonly onChange: () => void;
}

/** Before a write that failed may be tried again. */
const pauseMs = 100;

export class OwnerWrites {
  readonly #parts: OwnerWritesParts;
  /** Nodes that are being fenced. */
  readonly #fencing = new Set<string>();

  constructor(parts: OwnerWritesParts) {
    this.#parts = parts;
  }

  async fence(action: Extract<Action, { do: 'fence' }>): Promise<void> {
    const { node, revision, record, because } = action;
    if (this.#fencing.has(node)) return;
    this.#fencing.add(node);
    const fenced = { ...record, fenced: { by: this.#parts.node, because } };
    await this.#write(keys.node(node), revision, fenced as unknown as Json);
    await this.#parts.clock.sleep(pauseMs);
    this.#fencing.delete(node);
    this.#parts.onChange();
  }

  /** Puts an owner record. Until its outcome is seen, the group is not touched. */
  async putOwner({ do: kind, group, revision, record }: OwnerAction): Promise<void> {
    const { local, clock, memory, log, onChange } = this.#parts;
    if (local.get(group).write?.outcome === 'sent') return;
    const write: OwnerWrite = { kind, revision, outcome: 'sent' };
    const finish = (after: OwnerWrite | undefined): void => {
      if (local.get(group).write !== write) return;
      local.setWrite(group, after);
      onChange();
    };
    local.setWrite(group, write);
    try {
      if (kind === 'claim') memory.check(group, record.epoch - 1);
    } catch (error) {
      log.error({ err: error, group }, 'the group is not claimed');
      await clock.sleep(this.#parts.timing.takeoverAfterMs);
      return finish(undefined);
    }
    const { outcome } = await this.#write(keys.owner(group), revision, record as unknown as Json);
    if (outcome !== 'unknown') return finish({ ...write, outcome: 'done' });
    await clock.sleep(pauseMs);
    // A claim whose outcome is unknown may simply be repeated: the compare lets it through once.
    finish(kind === 'claim' ? undefined : { ...write, outcome: 'unknown' });
  }

  /** Waits for the outcome as long as it may; any error counts as unknown. */
  async #write(key: string, revision: number, value: Json): Promise<TxnResult> {
    const { store, clock, timing, log } = this.#parts;
    const late = new AbortController();
    const timeout = clock
      .sleep(timing.writeTimeoutMs, late.signal)
      .then((): TxnResult => ({ outcome: 'unknown', cause: new Error(`no answer in ${timing.writeTimeoutMs} ms`) }));
    const answer = store
      .txn([{ key, revision }], [{ put: key, value }])
      .catch((cause: unknown): TxnResult => ({ outcome: 'unknown', cause }));
    const result = await Promise.race([answer, timeout]);
    late.abort();
    if (result.outcome === 'unknown') log.warn({ err: result.cause, key }, 'the outcome of a write is unknown');
    return result;
  }
}
