// Room on the disk: what is free, less what uploads in flight were promised, less the reserve (R7).

import { statfs } from 'node:fs/promises';
import { PlatenError } from '../errors.js';
import type { Clock } from '../platform/clock.js';
import { throwDiskError } from './disk-error.js';

/** How long an answer of statfs is good for. */
const freshMs = 1_000;
const reserveInodes = 100;

export interface RoomOptions {
  readonly directory: string;
  readonly reserveBytes: number;
  readonly clock: Clock;
}

/** One upload's share. */
export interface Promised {
  /** So many octets more are written; throws `PlatenError('spool-full')` when that eats into the reserve. */
  grow(bytes: number): Promise<void>;
  release(): void;
}

export class Room {
  readonly #options: RoomOptions;
  /** Octets free at the last look, less what was written since. */
  #free = 0;
  #inodes = 0;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #looking: Promise<void> | undefined;
  /** Octets promised to uploads and not yet written. */
  #promised = 0;

  constructor(options: RoomOptions) {
    this.#options = options;
  }

  /** Throws `PlatenError('spool-full')` when `bytes` more would leave less than the reserve. */
  async check(bytes: number): Promise<void> {
    await this.#look();
    this.#assertRoomFor(bytes);
  }

  #assertRoomFor(bytes: number): void {
    if (this.#free - this.#promised - bytes < this.#options.reserveBytes || this.#inodes < reserveInodes)
      throw new PlatenError('spool-full');
  }

  /** `expectedBytes` 0 when the length is not known. */
  async promise(expectedBytes: number): Promise<Promised> {
    await this.#look();
    // In one step: another upload must not be promised the same room.
    this.#assertRoomFor(expectedBytes);
    let left = expectedBytes;
    this.#promised += left;
    return {
      grow: async (bytes) => {
        const kept = Math.min(left, bytes);
        left -= kept;
        this.#promised -= kept;
        this.#free -= bytes;
        if (kept < bytes || this.#isStale()) await this.check(0);
      },
      release: () => {
        this.#promised -= left;
        left = 0;
      },
    };
  }

  #isStale(): boolean {
    return this.#options.clock.monotonic() - this.#lookedAt >= freshMs;
  }

  #look(): Promise<void> {
    if (!this.#isStale()) return Promise.resolve();
    this.#looking ??= this.#ask().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #ask(): Promise<void> {
    const { bavail, bsize, files, ffree } = await statfs(this.#options.directory).catch(throwDiskError);
    this.#free = bavail * bsize;
    // File systems without a fixed number of inodes say 0.
    this.#inodes = files === 0 ? Number.POSITIVE_INFINITY : ffree;
    this.#lookedAt = this.#options.clock.monotonic();
  }
}
