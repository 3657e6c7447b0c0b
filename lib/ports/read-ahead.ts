// A document on its way out, read one chunk ahead: the disk works while the attempt is put on record, and while the network does.

type Step = IteratorResult<Uint8Array, unknown>;

export class ReadAhead {
  readonly #source: AsyncIterator<Uint8Array, unknown>;
  #ahead: Promise<Step>;
  #ended = false;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
    this.#ahead = this.#ask();
  }

  /** The next chunk. Rejects with what the source threw. */
  async next(): Promise<Step> {
    const step = await this.#ahead;
    if (step.done === true) this.#ended = true;
    else this.#ahead = this.#ask();
    return step;
  }

  /** To be called in every case. Not awaited: a source that hangs must not hold the attempt. */
  leave(): void {
    if (!this.#ended) this.#source.return?.().catch(() => {});
  }

  #ask(): Promise<Step> {
    const step = this.#source.next();
    // Whoever asks gets the error; nobody may ask.
    step.catch(() => {});
    return step;
  }
}
