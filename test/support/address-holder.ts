// The test's end of a process that holds addresses of a host.

import type { ChildProcess } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { HolderOrder, HolderWord } from './address-holder-main.js';
import type { Host } from './hosts.js';

export interface HolderOptions {
  readonly backEnd?: 'linux' | 'none';
  readonly fencing?: 'hard' | 'soft';
  /** What its command line begins with. */
  readonly before?: readonly string[];
}

export class AddressHolder {
  readonly news: string[] = [];
  readonly #child: ChildProcess;
  readonly #waiting: ((word: HolderWord) => void)[] = [];

  constructor(host: Host, { backEnd = 'linux', fencing = 'hard', before = [] }: HolderOptions = {}) {
    const main = path.join(import.meta.dirname, 'address-holder-main.js');
    this.#child = host.start('env', ...before, process.execPath, main, backEnd, fencing);
    createInterface({ input: this.#child.stdout! }).on('line', (line) => {
      const word = JSON.parse(line) as HolderWord;
      if (word.kind === 'news') this.news.push(word.said);
      else this.#waiting.shift()?.(word);
    });
  }

  /** Resolves with what it says; rejects when it could not be done. One order after the other. */
  async order(order: HolderOrder): Promise<string | undefined> {
    this.#child.stdin?.write(`${JSON.stringify(order)}\n`);
    const word = await new Promise<HolderWord>((resolve) => this.#waiting.push(resolve));
    if (word.kind === 'failed') throw new Error(word.said);
    return word.said;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }
}

export const startHolder = async (host: Host, options?: HolderOptions): Promise<AddressHolder> => {
  const holder = new AddressHolder(host, options);
  const hindrance = await holder.order({ do: 'prepare' });
  if (hindrance !== undefined) throw new Error(hindrance);
  return holder;
};
