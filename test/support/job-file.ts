// One job of the printer emulator on disk: `NNNN.part` while it comes in, `NNNN.prn` afterwards.

import { createHash } from 'node:crypto';
import { closeSync, openSync, readdirSync, renameSync, write, writeSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';

const writeLater = promisify(write);
/** Up to here a job is written at once: four trips to the thread pool would take longer than the writing. */
const small = 65_536;

export class JobFile {
  readonly #descriptor: number;
  readonly #part: string;
  readonly #final: string;
  readonly #hash = createHash('sha256');
  length = 0;

  constructor(directory: string, number: number) {
    const name = path.join(directory, String(number).padStart(4, '0'));
    this.#part = `${name}.part`;
    this.#final = `${name}.prn`;
    this.#descriptor = openSync(this.#part, 'w', 0o644);
  }

  async write(chunk: Uint8Array): Promise<void> {
    this.#hash.update(chunk);
    this.length += chunk.length;
    for (let at = 0; at < chunk.length; ) {
      const wanted = chunk.length - at;
      if (this.length <= small) at += writeSync(this.#descriptor, chunk, at, wanted);
      else at += (await writeLater(this.#descriptor, chunk, at, wanted)).bytesWritten;
    }
  }

  /** Gives the file its final name. */
  keep(): { readonly file: string; readonly sha256: string } {
    closeSync(this.#descriptor);
    renameSync(this.#part, this.#final);
    return { file: this.#final, sha256: this.#hash.digest('hex') };
  }
}

/** The number of the last job in the directory; 0 where there is none. */
export const lastJobNumber = (directory: string): number =>
  readdirSync(directory)
    .map((name) => Number(/^(\d{4,})\.(?:prn|part)$/.exec(name)?.[1] ?? 0))
    .reduce((last, number) => Math.max(last, number), 0);
