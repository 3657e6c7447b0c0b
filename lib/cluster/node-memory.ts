// What this node remembers beside the store: the highest epoch that it saw of each group. A store that answers lower was restored from a
// backup (R23): its job ids and epochs would be given out a second time.

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { PlatenError } from '../errors.js';
import { replaceFile } from '../platform/durable-file.js';

interface Memory {
  readonly version: 1;
  readonly epochs: Readonly<Record<string, number>>;
}

const read = async (file: string): Promise<Memory> => {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Memory;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { version: 1, epochs: {} };
    throw error;
  }
};

export class NodeMemory {
  readonly #file: string;
  #memory: Memory;

  private constructor(file: string, memory: Memory) {
    this.#file = file;
    this.#memory = memory;
  }

  static async open(stateDirectory: string): Promise<NodeMemory> {
    const file = path.join(stateDirectory, 'node.json');
    return new NodeMemory(file, await read(file));
  }

  /** Throws `store-restored` when the store's epoch of this group is lower than one that was seen. */
  check(group: string, epoch: number): void {
    const seen = this.#memory.epochs[group] ?? 0;
    if (epoch < seen)
      throw new PlatenError(
        'store-restored',
        `the store says epoch ${epoch} for group ${group}, but this node has seen ${seen}: the store was restored from a backup. ` +
          `Jobs accepted since would be lost and their ids given out again. Bring the newer store back, or accept the loss by removing ${this.#file}`,
      );
  }

  /** Throws as `check` does: what another node handed over was checked by that node's memory, not by this one. */
  async remember(group: string, epoch: number): Promise<void> {
    this.check(group, epoch);
    this.#memory = { ...this.#memory, epochs: { ...this.#memory.epochs, [group]: epoch } };
    await replaceFile(this.#file, `${JSON.stringify(this.#memory)}\n`);
  }
}
