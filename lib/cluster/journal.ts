// Why things are as they are: one line for each change of reason, and the latest of them by group, for `explain` and `history`.

import type { Clock } from '../platform/clock.js';
import type { Log } from '../platform/log.js';
import type { Decision } from './decision.js';

export interface Note {
  /** Wall clock, ms since 1970. */
  readonly at: number;
  readonly text: string;
}

/** Notes kept for each group and node. */
const keptNotes = 200;

export class Journal {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #notes = new Map<string, Note[]>();
  readonly #gists = new Map<string, string>();

  constructor(parts: { clock: Clock; log: Log }) {
    this.#clock = parts.clock;
    this.#log = parts.log;
  }

  note(about: string, text: string): void {
    const notes = this.#notes.get(about) ?? [];
    notes.push({ at: this.#clock.wall(), text });
    if (notes.length > keptNotes) notes.shift();
    this.#notes.set(about, notes);
    this.#log.info({ about }, text);
  }

  /** Notes a decision's reasons where what is done, or why, has changed; the time that passes is no change. */
  decided({ because }: Decision): void {
    for (const { about, text } of because) {
      const gist = text.replace(/[0-9.]+s\b/g, '');
      if (this.#gists.get(about) === gist) continue;
      this.#gists.set(about, gist);
      this.note(about, text);
    }
  }

  of(about: string): readonly Note[] {
    return this.#notes.get(about) ?? [];
  }
}
