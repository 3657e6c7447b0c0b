// Runs tasks, so many at once, in two lanes: what is expected to be slow never holds a place of what is expected to be quick.

export type Lane = 'quick' | 'slow';
type Task = () => Promise<void>;

interface LaneState {
  readonly places: number;
  running: number;
  readonly waiting: Set<Task>;
}

export class TwoLanes {
  readonly #lanes: Record<Lane, LaneState>;

  /** A quarter of the places, at least one, is the slow lane. */
  constructor(places: number) {
    const slow = Math.max(1, Math.floor(places / 4));
    this.#lanes = {
      quick: { places: Math.max(1, places - slow), running: 0, waiting: new Set() },
      slow: { places: slow, running: 0, waiting: new Set() },
    };
  }

  /** Starts `task`, which must not reject, when its turn has come. The returned function takes it back if it still waits. */
  run(lane: Lane, task: Task): () => void {
    const state = this.#lanes[lane];
    state.waiting.add(task);
    this.#fill(state);
    return () => state.waiting.delete(task);
  }

  #fill(state: LaneState): void {
    for (const task of state.waiting) {
      if (state.running >= state.places) return;
      state.waiting.delete(task);
      state.running += 1;
      void task().finally(() => {
        state.running -= 1;
        this.#fill(state);
      });
    }
  }
}
