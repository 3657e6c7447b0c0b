// Appends small documents to the epoch's segment: all that wait are written together and share one sync (R2, R3).

import path from 'node:path';
import { PlatenError } from '../errors.js';
import type { DirectorySync } from './directory-sync.js';
import { diskError, throwDiskError, throwFailed } from './disk-error.js';
import type { Received } from './document-writer.js';
import { close, create, fdatasync, unlink, writeAllAt } from './files.js';
import type { DocumentKey } from './layout.js';
import { entryName, newSegmentName } from './layout.js';
import { headerBytes, writeHeader } from './segment-entry.js';
import type { SegmentLedger } from './segment-ledger.js';

/** A segment that reached this is complete. */
const fullBytes = 64 << 20;
/** So much is written and synced at once. */
const batchBytes = 4 << 20;

export interface SegmentWriterOptions {
  /** The epoch's directory. */
  readonly path: string;
  readonly directory: DirectorySync;
  readonly ledger: SegmentLedger;
}

export interface NewEntry extends Received, Pick<DocumentKey, 'job' | 'number'> {
  /** Must not change until the entry is durable. */
  readonly octets: Uint8Array;
}

interface Waiting {
  readonly header: Buffer;
  readonly octets: Uint8Array;
  readonly resolve: (file: string) => void;
  readonly reject: (error: unknown) => void;
}

interface Segment {
  readonly fd: number;
  readonly name: string;
  readonly path: string;
  bytes: number;
}

export class SegmentWriter {
  readonly #options: SegmentWriterOptions;
  #segment: Segment | undefined;
  #waiting: Waiting[] = [];
  #working: Promise<void> | undefined;
  #failure: PlatenError | undefined;

  constructor(options: SegmentWriterOptions) {
    this.#options = options;
  }

  /**
   * Resolves with the document's name when it is durable. Throws `PlatenError('spool-full')`, or `PlatenError('spool-failed')` for every
   * entry from the first such error on: nothing is tried again (R4).
   */
  append({ octets, ...header }: NewEntry): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ header: writeHeader(header), octets, resolve, reject });
      this.#working ??= this.#work();
    });
  }

  /** To be called when an entry was given up: a segment of which none is needed any more goes at once, where nobody is writing to it. */
  async retire(): Promise<void> {
    const segment = this.#segment;
    if (segment === undefined || this.#working !== undefined || !this.#options.ledger.isEmpty(segment.path)) return;
    this.#working = this.#replace();
    await this.#working;
  }

  /** To be called when no entry waits. */
  async close(): Promise<void> {
    await this.#working;
    await this.#complete();
  }

  async #replace(): Promise<void> {
    try {
      await this.#complete();
    } finally {
      // Whoever came meanwhile found somebody at work.
      await this.#work();
    }
  }

  async #work(): Promise<void> {
    // Those who come in the same turn go together.
    await Promise.resolve();
    for (let batch = this.#take(); batch.length > 0; batch = this.#take()) {
      try {
        await this.#write(batch);
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.#working = undefined;
  }

  #take(): Waiting[] {
    let bytes = 0;
    const end = this.#waiting.findIndex(({ octets }) => (bytes += headerBytes + octets.byteLength) > batchBytes);
    return this.#waiting.splice(0, end === -1 ? this.#waiting.length : end);
  }

  async #write(batch: readonly Waiting[]): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      const segment = await this.#current();
      await this.#append(segment, batch);
    } catch (error) {
      if (error instanceof PlatenError && error.code === 'spool-failed') this.#failure = error;
      // What was written of the batch is nobody's; a new segment is begun when there is room again.
      else await this.#complete().catch(() => undefined);
      throw error;
    }
  }

  async #append(segment: Segment, batch: readonly Waiting[]): Promise<void> {
    const { ledger } = this.#options;
    const start = segment.bytes;
    const buffers = batch.flatMap(({ header, octets }) => (octets.byteLength === 0 ? [header] : [header, octets]));
    await writeAllAt(segment.fd, buffers, start).catch(throwDiskError);
    await fdatasync(segment.fd).catch(throwDiskError);
    for (const { header, octets, resolve } of batch) {
      ledger.add(segment.path, segment.bytes);
      resolve(entryName(segment.name, segment.bytes));
      segment.bytes += header.byteLength + octets.byteLength;
    }
  }

  async #current(): Promise<Segment> {
    if (this.#segment !== undefined && this.#isComplete(this.#segment)) await this.#complete();
    this.#segment ??= await this.#begin();
    return this.#segment;
  }

  /** One of which no entry is needed any more can go, too. */
  #isComplete({ bytes, path }: Segment): boolean {
    return bytes >= fullBytes || (bytes > 0 && this.#options.ledger.isEmpty(path));
  }

  /** The name is durable before anything is written under it. */
  async #begin(): Promise<Segment> {
    const { path: epoch, directory, ledger } = this.#options;
    const name = newSegmentName();
    const file = path.join(epoch, name);
    const fd = await create(file).catch(throwDiskError);
    ledger.begin(file);
    try {
      await directory.sync().catch(throwFailed);
    } catch (error) {
      ledger.forget(file);
      await unlink(file).catch(() => undefined);
      await close(fd).catch(() => undefined);
      throw error;
    }
    return { fd, name, path: file, bytes: 0 };
  }

  async #complete(): Promise<void> {
    const segment = this.#segment;
    if (segment === undefined) return;
    this.#segment = undefined;
    try {
      await close(segment.fd);
    } catch (error) {
      throw diskError(error);
    }
    await this.#options.ledger.seal(segment.path);
  }
}
