// Gathers a document's chunks, hashes them and writes them in large pieces, one write at a time while the next piece is gathered.
// A document that ends before the first piece is full is never written by it.

import type { Hash } from 'node:crypto';
import { createHash } from 'node:crypto';
import { PlatenError } from '../errors.js';
import type { BufferPool } from './buffer-pool.js';
import type { DocumentFile } from './document-file.js';
import { diskError, throwDiskError } from './disk-error.js';
import { fdatasync, writeAll } from './files.js';
import type { Promised } from './room.js';

/** A sync is begun after so much; at most twice as much lies unsynced. With more, a neighbour's fsync would have to wait for all of it. */
const syncEveryBytes = 8 << 20;
/** A first chunk up to this size is not copied: most small documents are one chunk. */
const uncopiedBytes = 64 << 10;

export interface DocumentWriterOptions {
  readonly promised: Promised;
  readonly buffers: BufferPool;
  readonly maxDocumentBytes: number;
  readonly expectedBytes?: number;
  /** Told of octets that were written to the file, in order. */
  readonly onWritten?: (bytes: number) => void;
}

export interface Received {
  readonly length: number;
  /** Lower-case hexadecimal. */
  readonly sha256: string;
}

export class DocumentWriter {
  readonly #file: DocumentFile;
  readonly #options: DocumentWriterOptions;
  readonly #hash: Hash = createHash('sha256');
  #length = 0;
  #first: Uint8Array | undefined;
  #buffer: Buffer | undefined;
  #filled = 0;
  #isInMemory = true;
  #unsynced = 0;
  #writing: Promise<void> = Promise.resolve();
  /** Runs beside the writes; the next one waits for it. */
  #syncing: Promise<void> = Promise.resolve();

  constructor(file: DocumentFile, options: DocumentWriterOptions) {
    this.#file = file;
    this.#options = options;
  }

  /** Octets so far. */
  get length(): number {
    return this.#length;
  }

  /** The document while nothing of it was written; good until `end`. */
  whole(): Uint8Array | undefined {
    return this.#isInMemory ? this.#rest() : undefined;
  }

  /** True while what `whole` gives is the only chunk, which nobody else uses. */
  get isOneChunk(): boolean {
    return this.#first !== undefined;
  }

  /** SHA-256 of all octets, lower-case hexadecimal. To be called once, instead of `finish`. */
  digest(): string {
    return this.#hash.digest('hex');
  }

  /** Takes a chunk; resolves when there is room for another. The chunk must not change after. */
  async add(chunk: Uint8Array): Promise<void> {
    const isFirst = this.#length === 0;
    this.#length += chunk.byteLength;
    this.#assertLength();
    this.#hash.update(chunk);
    if (isFirst && chunk.byteLength <= uncopiedBytes) {
      this.#first = chunk;
      return;
    }
    if (this.#first !== undefined) {
      const first = this.#first;
      this.#first = undefined;
      await this.#gather(first);
    }
    await this.#gather(chunk);
  }

  /** Writes what is left. The file is not synced yet. */
  async finish(): Promise<Received> {
    await this.#writing;
    await this.#syncing;
    const rest = this.#rest();
    if (rest.byteLength > 0) {
      await this.#options.promised.grow(rest.byteLength);
      await writeAll(await this.#file.open(), rest).catch(throwDiskError);
      this.#options.onWritten?.(rest.byteLength);
    }
    return { length: this.#length, sha256: this.digest() };
  }

  /** Resolves when no write or sync is under way; then the descriptor may be closed. Gives the buffer back. */
  async end(): Promise<void> {
    await this.#writing.catch(() => undefined);
    await this.#syncing.catch(() => undefined);
    if (this.#buffer !== undefined) this.#options.buffers.give(this.#buffer);
    this.#buffer = undefined;
  }

  #rest(): Uint8Array {
    return this.#first ?? this.#buffer?.subarray(0, this.#filled) ?? Buffer.alloc(0);
  }

  #assertLength(): void {
    const { maxDocumentBytes, expectedBytes } = this.#options;
    if (this.#length > maxDocumentBytes) throw new PlatenError('document-too-large');
    if (expectedBytes !== undefined && this.#length > expectedBytes)
      throw new PlatenError('document-incomplete', `the document is longer than the announced ${expectedBytes} octets`);
  }

  async #gather(chunk: Uint8Array): Promise<void> {
    for (let taken = 0; taken < chunk.byteLength; ) {
      this.#buffer ??= this.#options.buffers.take();
      const piece = chunk.subarray(taken, taken + this.#buffer.byteLength - this.#filled);
      this.#buffer.set(piece, this.#filled);
      this.#filled += piece.byteLength;
      taken += piece.byteLength;
      if (this.#filled === this.#buffer.byteLength) await this.#flush(this.#buffer);
    }
  }

  async #flush(buffer: Buffer): Promise<void> {
    await this.#writing;
    await this.#options.promised.grow(buffer.byteLength);
    this.#buffer = undefined;
    this.#filled = 0;
    this.#isInMemory = false;
    this.#writing = this.#write(buffer);
    // Awaited before the next write; until then a failure is nobody's.
    this.#writing.catch(() => undefined);
  }

  async #write(buffer: Buffer): Promise<void> {
    try {
      const fd = await this.#file.open();
      await writeAll(fd, buffer);
      this.#options.onWritten?.(buffer.byteLength);
      this.#unsynced += buffer.byteLength;
      if (this.#unsynced < syncEveryBytes) return;
      this.#unsynced = 0;
      await this.#syncing;
      this.#syncing = fdatasync(fd).catch(throwDiskError);
      this.#syncing.catch(() => undefined);
    } catch (error) {
      throw diskError(error);
    } finally {
      this.#options.buffers.give(buffer);
    }
  }
}
