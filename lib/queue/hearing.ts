// One client on one connection: has it heard what it was answered? Its next request, and its orderly FIN, prove that; a reset, or an
// answer that could not be written, the contrary. Silence proves nothing.

/** One job that the client sent. */
export interface Heard {
  /** The client knows that the job was accepted. */
  wentOn(): void;
  /** The connection ended before that could be told. */
  broke(): void;
}

export class Hearing {
  readonly #jobs = new Set<Heard>();
  #isAnswered = false;
  #isOver = false;

  /** A job is about to be put on record; the client waits for the answer. */
  awaits(job: Heard): void {
    this.#isAnswered = false;
    if (this.#isOver) job.broke();
    else this.#jobs.add(job);
  }

  /** The answer is in the kernel's hands. */
  answered(): void {
    this.#isAnswered = true;
  }

  /** The client asked for something else, or closed its side in order. Before it was answered that proves nothing. */
  goesOn(): void {
    if (!this.#isAnswered) return;
    for (const job of this.#jobs) job.wentOn();
    this.#jobs.clear();
  }

  /** Nothing more can be told. */
  ends(how: 'closed' | 'broken'): void {
    this.#isOver = true;
    if (how === 'broken' || !this.#isAnswered) for (const job of this.#jobs) job.broke();
    this.#jobs.clear();
  }
}
