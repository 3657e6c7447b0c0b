// Tells one node at once whose clients have gone on: what comes together goes together, one request at a time, best effort.

import type { JobPlace } from '../unheard-ledger.js';
import { call, type CallTarget } from './http-call.js';
import { paths } from './routes.js';

const mostWaiting = 10_000;
/** Jobs in one request. */
export const mostHeard = 1_000;

export class Hearsay {
  readonly #target: CallTarget;
  /** Path → jobs. */
  readonly #waiting = new Map<string, number[]>();
  #working: Promise<void> | undefined;

  constructor(target: CallTarget) {
    this.#target = target;
  }

  add({ group, epoch, job }: JobPlace): void {
    const path = paths.heard(group, epoch);
    const waiting = this.#waiting.get(path) ?? [];
    this.#waiting.set(path, waiting);
    if (waiting.length < mostWaiting) waiting.push(job);
    this.#working ??= this.#work();
  }

  async settled(): Promise<void> {
    await this.#working;
  }

  async #work(): Promise<void> {
    await Promise.resolve();
    for (;;) {
      const [path, jobs] = [...this.#waiting][0] ?? [];
      if (path === undefined || jobs === undefined) break;
      const some = jobs.splice(0, mostHeard);
      if (jobs.length === 0) this.#waiting.delete(path);
      try {
        await call(this.#target, { method: 'POST', path, body: Buffer.from(JSON.stringify(some)) });
      } catch {
        // A node that cannot be told takes part in no decision that it could spoil: it may only take a second copy for a resend.
        this.#waiting.clear();
      }
    }
    this.#working = undefined;
  }
}
