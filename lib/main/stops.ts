// What was started is stopped in reverse.

export interface StopOptions {
  /** What documents being sent may still take. */
  readonly cutOffAfterMs: number;
}

export class Stops {
  readonly #stops: ((options: StopOptions) => Promise<void> | void)[] = [];

  add(stop: (options: StopOptions) => Promise<void> | void): void {
    this.#stops.push(stop);
  }

  async run(options: StopOptions): Promise<void> {
    for (const stop of this.#stops.splice(0).reverse()) await stop(options);
  }
}
