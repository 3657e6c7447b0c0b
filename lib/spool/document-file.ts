// The file of one document: created under its temporary name when its first octet is written, synced, renamed (R2).

import { closeSync } from 'node:fs';
import type { DirectorySync } from './directory-sync.js';
import { diskError, throwDiskError, throwFailed } from './disk-error.js';
import { closeQuietly, create, fsync, rename, unlink } from './files.js';
import { partOf } from './layout.js';

export class DocumentFile {
  /** The final name, in `directory`. */
  readonly #target: string;
  readonly #directory: DirectorySync;
  #opening: Promise<number> | undefined;
  #isOpen = false;
  /** What is there now. */
  #name: string | undefined;

  constructor(target: string, directory: DirectorySync) {
    this.#target = target;
    this.#directory = directory;
  }

  /** The descriptor to write to. */
  open(): Promise<number> {
    this.#opening ??= this.#create();
    return this.#opening;
  }

  /** Makes durable what was written, under its temporary name. */
  async finish(): Promise<void> {
    const fd = await this.open();
    await fsync(fd).catch(throwDiskError);
    this.#isOpen = false;
    try {
      // Synchronous because it does not wait: everything is on disk.
      closeSync(fd);
    } catch (error) {
      throw diskError(error);
    }
  }

  /** Gives the document its final name, durably. */
  async publish(): Promise<void> {
    await rename(partOf(this.#target), this.#target).catch(throwDiskError);
    this.#name = this.#target;
    await this.#directory.sync().catch(throwFailed);
  }

  /** Leaves nothing. What cannot be removed now is reclaimed later. To be called when no write is under way. */
  async discard(): Promise<void> {
    const fd = await this.#opening?.catch(() => undefined);
    if (fd !== undefined && this.#isOpen) closeQuietly(fd);
    this.#isOpen = false;
    if (this.#name !== undefined) await unlink(this.#name).catch(() => undefined);
  }

  async #create(): Promise<number> {
    const temporary = partOf(this.#target);
    const fd = await create(temporary).catch(throwDiskError);
    this.#isOpen = true;
    this.#name = temporary;
    return fd;
  }
}
