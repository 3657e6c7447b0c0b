// fsync of one directory, shared: callers that arrive while one runs get the next one, which began after their change.

import { close, fsync, openDirectory } from './files.js';

export class DirectorySync {
  readonly #fd: number;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  /** Callers between `hold` and `letGo`. */
  #holders = 1;

  private constructor(fd: number) {
    this.#fd = fd;
  }

  /** Opens the directory; the descriptor is closed when all who hold it have let go, the opener included. */
  static async open(directory: string): Promise<DirectorySync> {
    return new DirectorySync(await openDirectory(directory));
  }

  hold(): void {
    this.#holders += 1;
  }

  async letGo(): Promise<void> {
    this.#holders -= 1;
    if (this.#holders === 0) await close(this.#fd);
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
