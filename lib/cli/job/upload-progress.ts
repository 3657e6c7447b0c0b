// How far an upload is: a bar on a terminal, else a line every few seconds; nothing for what takes less than a second.

import type { Clock } from '../../platform/clock.js';
import { octetsText } from '../figures.js';
import type { Stream } from '../terminal.js';

const barWidth = 30;
const barEveryMs = 100;
const lineEveryMs = 5_000;
const quietMs = 1_000;

interface Parts {
  readonly stream: Stream;
  readonly clock: Pick<Clock, 'monotonic'>;
  /** Octets to be sent, where they are known. */
  readonly total: number | undefined;
}

export class UploadProgress {
  readonly #parts: Parts;
  readonly #started: number;
  #shownAt: number;
  #shown = false;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#started = parts.clock.monotonic();
    this.#shownAt = this.#started;
  }

  /** `sent`: octets so far. */
  update(sent: number): void {
    const { stream, clock, total } = this.#parts;
    const now = clock.monotonic();
    const isBar = stream.isTTY === true;
    const due = this.#shown
      ? this.#shownAt + (isBar ? barEveryMs : lineEveryMs)
      : this.#started + (isBar ? quietMs : lineEveryMs);
    if (now < due && !(this.#shown && sent === total)) return;
    this.#shown = true;
    this.#shownAt = now;
    const text = this.#text(sent, now - this.#started);
    stream.write(isBar ? `\r\u001b[K${text}` : `${text}\n`);
  }

  /** Ends the line of the bar. */
  end(): void {
    if (this.#shown && this.#parts.stream.isTTY === true) this.#parts.stream.write('\r\u001b[K');
  }

  #text(sent: number, elapsedMs: number): string {
    const { stream, total } = this.#parts;
    const rate = `${octetsText((sent / elapsedMs) * 1_000)}/s`;
    if (total === undefined || total === 0) return `${octetsText(sent)} sent, ${rate}`;
    const share = Math.min(1, sent / total);
    const figures = `${Math.floor(share * 100)} % of ${octetsText(total)}, ${rate}`;
    if (stream.isTTY !== true) return figures;
    const full = Math.round(share * barWidth);
    return `[${'#'.repeat(full)}${'.'.repeat(barWidth - full)}] ${figures}`;
  }
}
