// Tells one node which of its copies nobody needs any more: many at a time, best effort. What is not told a sweep finds.

import type { DocumentCopy } from '../../model/document.js';
import { call, type CallTarget } from './http-call.js';
import { paths } from './routes.js';

const mostWaiting = 20_000;
const batch = 1_000;

export class Removals {
  readonly #target: CallTarget;
  readonly #waiting = new Map<string, DocumentCopy[]>();
  #working: Promise<void> | undefined;

  constructor(target: CallTarget) {
    this.#target = target;
  }

  add(group: string, copy: DocumentCopy): void {
    const waiting = this.#waiting.get(group) ?? [];
    this.#waiting.set(group, waiting);
    if (waiting.length < mostWaiting) waiting.push(copy);
    this.#working ??= this.#work();
  }

  async settled(): Promise<void> {
    await this.#working;
  }

  async #work(): Promise<void> {
    await Promise.resolve();
    for (;;) {
      const [group, copies] = [...this.#waiting][0] ?? [];
      if (group === undefined || copies === undefined) break;
      const some = copies.splice(0, batch);
      if (copies.length === 0) this.#waiting.delete(group);
      const body = Buffer.from(JSON.stringify(some));
      try {
        await call(this.#target, { method: 'POST', path: paths.remove(group), body });
      } catch {
        this.#waiting.clear();
      }
    }
    this.#working = undefined;
  }
}
