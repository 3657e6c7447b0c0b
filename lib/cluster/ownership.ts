// Tenures: what printing asks before each outward act. A tenure holds while its incarnation lives and its deadline has not passed (R24).

import type { Tenure } from '../model/ownership.js';
import type { Clock } from '../platform/clock.js';
import type { Renewal } from './renewal.js';

interface Held {
  readonly tenure: Tenure;
  end(): void;
}

export class Ownership {
  readonly #node: string;
  readonly #clock: Clock;
  readonly #renewal: () => Renewal;
  readonly #held = new Map<string, Held>();

  constructor(parts: { node: string; clock: Clock; renewal: () => Renewal }) {
    this.#node = parts.node;
    this.#clock = parts.clock;
    this.#renewal = parts.renewal;
  }

  /** The tenure of this epoch, under this revision of the owner record; an earlier one of the group ends. */
  begin(group: string, { epoch, revision }: { epoch: number; revision: number }): Tenure {
    const held = this.#held.get(group);
    if (held?.tenure.epoch === epoch && held.tenure.revision === revision && held.tenure.holds()) return held.tenure;
    held?.end();
    const { incarnation } = this.#renewal();
    let isOver = false;
    const holds = (): boolean => {
      isOver ||= !this.#lives(incarnation);
      return !isOver;
    };
    const tenure: Tenure = { group, epoch, node: this.#node, revision, holds };
    this.#held.set(group, {
      tenure,
      end: () => {
        isOver = true;
      },
    });
    return tenure;
  }

  /** The tenure that holds now; undefined when there is none. */
  current(group: string): Tenure | undefined {
    const tenure = this.#held.get(group)?.tenure;
    return tenure?.holds() ? tenure : undefined;
  }

  /** True while this node may act for the group at that epoch. */
  holds(group: string, epoch: number): boolean {
    return this.current(group)?.epoch === epoch;
  }

  /** The group is not ours any more, or it is not known whether it is. */
  end(group: string): void {
    this.#held.get(group)?.end();
    this.#held.delete(group);
  }

  /** Nothing is ours any more. */
  endAll(): void {
    for (const held of this.#held.values()) held.end();
    this.#held.clear();
  }

  #lives(incarnation: string): boolean {
    const renewal = this.#renewal();
    return (
      renewal.incarnation === incarnation && renewal.state === 'live' && this.#clock.monotonic() < renewal.deadline
    );
  }
}
