// fsync of one directory, shared: callers that arrive while one runs get the next one, which began after their change.

import { close, fsync, openDirectory } from './files.js';

export class DirectorySync {
  readonly #fd: number;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  private constructor(fd: number) {
    this.#fd = fd;
  }

  static async open(directory: string): Promise<DirectorySync> {
    return new DirectorySync(await openDirectory(directory));
  }

  close(): Promise<void> {
    return close(this.#fd);
  }

  /** Makes durable what was changed in the directory before the call. After a failure nothing is tried again (R4). */
  sync(): Promise<void> {
    if (this.#running === undefined) return this.#start();
    this.#next ??= this.#running.then(() => this.#start());
    return this.#next;
  }

  #start(): Promise<void> {
    this.#next = undefined;
    this.#running = this.#run();
    return this.#running;
  }

  async #run(): Promise<void> {
    await fsync(this.#fd);
    // When a next one waits, it takes over before anybody else looks.
    if (this.#next === undefined) this.#running = undefined;
  }
}
