// Which children this supervisor has, on disk: its successor finds by it what it left behind, should it be killed.

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { replaceFile } from '../platform/durable-file.js';
import { machineStart, type ProcessIdentity } from '../platform/processes.js';

export type ChildName = 'worker' | 'member';

interface Content {
  readonly version: 1;
  /** Of the machine: pids and start times mean nothing after the next one. */
  readonly machineStart: string;
  readonly worker?: ProcessIdentity;
  readonly member?: ProcessIdentity;
}

export class ChildRecord {
  readonly #file: string;
  #content: Content;
  #written: Promise<void> = Promise.resolve();

  private constructor(file: string, content: Content) {
    this.#file = file;
    this.#content = content;
  }

  static async open(stateDirectory: string): Promise<ChildRecord> {
    const file = path.join(stateDirectory, 'children.json');
    const none: Content = { version: 1, machineStart: machineStart() };
    try {
      const content = JSON.parse(await readFile(file, 'utf8')) as Content;
      return new ChildRecord(file, content.machineStart === none.machineStart ? content : none);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new ChildRecord(file, none);
      throw error;
    }
  }

  get(name: ChildName): ProcessIdentity | undefined {
    return this.#content[name];
  }

  /** Resolves when it is on disk. */
  set(name: ChildName, child: ProcessIdentity | undefined): Promise<void> {
    const { [name]: _, ...others } = this.#content;
    this.#content = { ...others, ...(child === undefined ? {} : { [name]: child }) };
    const text = `${JSON.stringify(this.#content)}\n`;
    const written = this.#written.then(() => replaceFile(this.#file, text));
    this.#written = written.catch(() => {});
    return written;
  }
}
