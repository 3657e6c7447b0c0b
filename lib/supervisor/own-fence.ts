// Writes off a life of this node's worker, of which nothing is left: others need not wait for its silence (DESIGN section 5).

import { reasonOf } from '../errors.js';
import type { NodeRecord } from '../model/cluster.js';
import type { Clock } from '../platform/clock.js';
import type { Log } from '../platform/log.js';
import { keys } from '../store/keys.js';
import type { Json, Store } from '../store/store.js';

export interface OwnFenceParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly node: string;
}

export interface LostLives {
  /** Incarnations, all of them dead. */
  readonly lives: readonly string[];
  readonly because: string;
}

const pauseMs = 50;

export class OwnFence {
  readonly #parts: OwnFenceParts;

  constructor(parts: OwnFenceParts) {
    this.#parts = parts;
  }

  /**
   * Resolves when the store takes none of these lives for alive, or when `signal` aborts. Tries for as long as the store does not answer; a newer
   * life ends that as well. An unknown outcome is settled by reading: whatever else is written compares with what was read.
   */
  async write({ lives, because }: LostLives, signal: AbortSignal): Promise<void> {
    const { clock, log, node } = this.#parts;
    const began = clock.monotonic();
    for (let isFirst = true; !signal.aborted; isFirst = false) {
      try {
        const outcome = await this.#try(lives, because);
        if (outcome === 'again') continue;
        const tookMs = Math.round(clock.monotonic() - began);
        log.info({ node, lives, because, tookMs }, outcome === 'fenced' ? 'fenced this node' : 'was fenced already');
        return;
      } catch (error) {
        if (isFirst) log.warn({ ...reasonOf(error), lives }, 'the end of a life cannot be written yet');
        await clock.sleep(pauseMs, signal);
      }
    }
  }

  async #try(lives: readonly string[], because: string): Promise<'fenced' | 'over' | 'again'> {
    const { store, node } = this.#parts;
    const key = keys.node(node);
    const found = await store.get(key);
    const record = found?.value as unknown as NodeRecord | undefined;
    if (found === undefined || record === undefined) return 'over';
    if (record.fenced !== undefined || !lives.includes(record.incarnation)) return 'over';
    const fenced: NodeRecord = { ...record, fenced: { by: node, because } };
    const compares = [{ key, revision: found.revision }];
    const result = await store.txn(compares, [{ put: key, value: fenced as unknown as Json }]);
    if (result.outcome === 'unknown') throw result.cause;
    // A renewal that was on its way came first.
    return result.outcome === 'committed' ? 'fenced' : 'again';
  }
}
