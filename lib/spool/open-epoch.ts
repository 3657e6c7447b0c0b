// An epoch that takes documents: its directory and its segment, kept open until the last upload that uses them ends.

import { DirectorySync } from './directory-sync.js';
import type { SegmentLedger } from './segment-ledger.js';
import { SegmentWriter } from './segment-writer.js';

export class OpenEpoch {
  readonly directory: DirectorySync;
  readonly segments: SegmentWriter;
  readonly #onClosed: () => void;
  /** Callers between `hold` and `letGo`, and the opener. */
  #holders = 1;

  private constructor(directory: DirectorySync, segments: SegmentWriter, onClosed: () => void) {
    this.directory = directory;
    this.segments = segments;
    this.#onClosed = onClosed;
  }

  static async open(path: string, ledger: SegmentLedger, onClosed: () => void): Promise<OpenEpoch> {
    const directory = await DirectorySync.open(path);
    return new OpenEpoch(directory, new SegmentWriter({ path, directory, ledger }), onClosed);
  }

  hold(): void {
    this.#holders += 1;
  }

  async letGo(): Promise<void> {
    this.#holders -= 1;
    if (this.#holders > 0) return;
    await this.segments.close();
    await this.directory.close();
    this.#onClosed();
  }
}
