// How much lies in the spool: counted once in the background at the start, kept up to date from then on.

import type { Dir, Dirent } from 'node:fs';
import { lstat, opendir } from 'node:fs/promises';
import path from 'node:path';
import { systemCode } from './disk-error.js';
import { entryName, parseEpochName, parseFileName } from './layout.js';
import type { SegmentLedger } from './segment-ledger.js';
import { segmentEntries } from './segment-scan.js';

export interface UsageFigures {
  readonly bytes: number;
  readonly documents: number;
  /** False until everything that was there at the start is counted. */
  readonly complete: boolean;
}

export class Usage {
  #bytes = 0;
  #documents = 0;
  /** While counting: files that are in the figures already. Dropped when the count is complete. */
  #counted: Set<string> | undefined = new Set();

  readonly #ledger: SegmentLedger;

  constructor(ledger: SegmentLedger) {
    this.#ledger = ledger;
  }

  figures(): UsageFigures {
    return { bytes: this.#bytes, documents: this.#documents, complete: this.#counted === undefined };
  }

  added(file: string, bytes: number): void {
    this.#counted?.add(file);
    this.#bytes += bytes;
    this.#documents += 1;
  }

  removed(file: string, bytes: number): void {
    // While counting, what was not counted yet is gone before it is.
    if (this.#counted !== undefined && !this.#counted.delete(file)) return;
    this.#bytes -= bytes;
    this.#documents -= 1;
  }

  /** Counts the documents below `directory`; ends early, incomplete, when the signal aborts. */
  async count(directory: string, signal: AbortSignal): Promise<void> {
    for await (const group of entries(directory))
      if (group.isDirectory()) await this.#countGroup(path.join(directory, group.name), signal);
    if (!signal.aborted) this.#counted = undefined;
  }

  async #countGroup(directory: string, signal: AbortSignal): Promise<void> {
    for await (const epoch of entries(directory))
      if (epoch.isDirectory() && parseEpochName(epoch.name) !== undefined)
        await this.#countEpoch(path.join(directory, epoch.name), signal);
  }

  async #countEpoch(directory: string, signal: AbortSignal): Promise<void> {
    for await (const { name } of entries(directory)) {
      if (signal.aborted) return;
      const { kind } = parseFileName(name);
      if (kind === 'document') await this.#countFile(path.join(directory, name));
      if (kind === 'segment') await this.#countSegment(path.join(directory, name), signal);
    }
  }

  async #countFile(file: string): Promise<void> {
    const size = await sizeOf(file);
    if (size !== undefined && this.#counted?.has(file) === false) this.added(file, size);
  }

  /** Which of the entries are needed only records say: until a sweep has asked for them all count. */
  async #countSegment(file: string, signal: AbortSignal): Promise<void> {
    if (this.#ledger.knows(file)) return;
    const lengths = new Map<number, number>();
    try {
      for await (const { at, length } of segmentEntries(file)) {
        if (signal.aborted) return;
        lengths.set(at, length);
      }
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return;
      throw error;
    }
    // Begun or swept meanwhile.
    if (this.#ledger.knows(file)) return;
    this.#ledger.found(file, lengths.keys());
    for (const [at, length] of lengths) this.added(entryName(file, at), length);
  }
}

/** Undefined when the file is gone. */
export const sizeOf = async (file: string): Promise<number | undefined> => {
  try {
    return (await lstat(file)).size;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
};

/** A directory's entries one by one, never all in memory; none when it is gone. */
export async function* entries(directory: string): AsyncGenerator<Dirent, void, undefined> {
  let opened: Dir;
  try {
    opened = await opendir(directory);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return;
    throw error;
  }
  yield* opened;
}
