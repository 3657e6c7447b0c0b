// Which entries of which segments may still be needed. A segment that is complete goes when its last entry does.

import { unlink } from './files.js';
import { diskError, systemCode } from './disk-error.js';

interface Segment {
  /** Where the entries begin that were not given up. */
  readonly live: Set<number>;
  /** False while entries are appended. */
  isSealed: boolean;
}

export class SegmentLedger {
  /** By path. */
  readonly #segments = new Map<string, Segment>();

  knows(path: string): boolean {
    return this.#segments.has(path);
  }

  isOpen(path: string): boolean {
    return this.#segments.get(path)?.isSealed === false;
  }

  has(path: string, at: number): boolean {
    return this.#segments.get(path)?.live.has(at) === true;
  }

  isEmpty(path: string): boolean {
    return this.#segments.get(path)?.live.size === 0;
  }

  /** A new segment, which is being written. */
  begin(path: string): void {
    this.#segments.set(path, { live: new Set(), isSealed: false });
  }

  /** A segment of an earlier life, unless it is known. */
  found(path: string, entries: Iterable<number>): void {
    if (!this.#segments.has(path)) this.#segments.set(path, { live: new Set(entries), isSealed: true });
  }

  add(path: string, at: number): void {
    this.#segments.get(path)?.live.add(at);
  }

  /** Nothing more is appended. */
  async seal(path: string): Promise<void> {
    const segment = this.#segments.get(path);
    if (segment === undefined) return;
    segment.isSealed = true;
    await this.#tidy(path, segment);
  }

  /** Gives up one entry; false when it was given up before or is not known. */
  async drop(path: string, at: number): Promise<boolean> {
    const segment = this.#segments.get(path);
    if (segment?.live.delete(at) !== true) return false;
    await this.#tidy(path, segment);
    return true;
  }

  forget(path: string): void {
    this.#segments.delete(path);
  }

  async #tidy(path: string, { live, isSealed }: Segment): Promise<void> {
    if (!isSealed || live.size > 0) return;
    this.#segments.delete(path);
    try {
      await unlink(path);
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw diskError(error);
    }
  }
}
