// A document's file while it is being received, for readers that follow its end: what they read comes from the page cache.

import { closeQuietly, openForReadingSync, readFull } from './files.js';
import type { Received } from './document-writer.js';

const chunkBytes = 128 << 10;

export class GrowingFile {
  #fd: number | undefined;
  #written = 0;
  #whole: Received | undefined;
  #failure: { readonly error: unknown } | undefined;
  #isClosed = false;
  #readers = 0;
  #waiting: (() => void)[] = [];

  /** The file must exist; it may be renamed while it is followed. */
  constructor(path: string) {
    // Synchronous because it does not wait, and because the name may be another one soon.
    this.#fd = openForReadingSync(path);
  }

  /** What the whole file is; undefined while it grows. */
  get whole(): Received | undefined {
    return this.#whole;
  }

  /** So many octets more can be read. */
  grew(bytes: number): void {
    this.#written += bytes;
    this.#wake();
  }

  end(received: Received): void {
    this.#whole = received;
    this.#wake();
  }

  /** The upload failed: readers fail with its error. */
  giveUp(error: unknown): void {
    this.#failure ??= { error };
    this.#wake();
  }

  /** No reader begins after this; the file is let go when the last one ends. */
  close(): void {
    this.#isClosed = true;
    this.#letGo();
  }

  /** The file from its first octet, as far as it goes and on as it grows, to its end. */
  async *chunks(signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
    const fd = this.#fd;
    if (this.#isClosed || fd === undefined) throw new Error('the file is not followed any more');
    this.#readers += 1;
    const wake = (): void => this.#wake();
    signal.addEventListener('abort', wake, { once: true });
    try {
      for (let position = 0; ; ) {
        await this.#beyond(position, signal);
        if (position === this.#written) return;
        const chunk = Buffer.allocUnsafeSlow(Math.min(chunkBytes, this.#written - position));
        const count = await readFull(fd, chunk, position);
        if (count < chunk.byteLength) throw new Error('the file became shorter while it was read');
        position += count;
        yield chunk;
      }
    } finally {
      signal.removeEventListener('abort', wake);
      this.#readers -= 1;
      this.#letGo();
    }
  }

  /** Resolves when there is something beyond the position, or the end. */
  async #beyond(position: number, signal: AbortSignal): Promise<void> {
    for (;;) {
      signal.throwIfAborted();
      if (this.#failure !== undefined) throw this.#failure.error;
      if (position < this.#written || this.#whole !== undefined) return;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }

  #letGo(): void {
    if (!this.#isClosed || this.#readers > 0 || this.#fd === undefined) return;
    closeQuietly(this.#fd);
    this.#fd = undefined;
  }
}
