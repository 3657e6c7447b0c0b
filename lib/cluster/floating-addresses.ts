// The worker's side of its node's floating addresses: it asks its supervisor, who alone runs commands about them (DESIGN section 5).

import type { AddressRequest, NewsOfAddress, SupervisorMessage, WorkerPipe } from './watchdog.js';

export interface FloatingAddresses {
  /** Resolves when the address is there and announced; rejects with the reason, and early when `signal` aborts. */
  up(address: string, signal: AbortSignal): Promise<void>;
  /** Resolves when it was seen to be absent. */
  down(address: string): Promise<void>;
  /** New connections to it get no answer: they are not refused. */
  close(address: string): Promise<void>;
  /** Undoes `close`. */
  reopen(address: string): Promise<void>;
  /** The hardware address of another host that answers for it. */
  probe(address: string): Promise<string | undefined>;
}

/** Addresses that are always there: the back end `loopback`, where no supervisor puts any. */
export const fixedAddresses: FloatingAddresses = {
  up: () => Promise.resolve(),
  down: () => Promise.resolve(),
  close: () => Promise.resolve(),
  reopen: () => Promise.resolve(),
  probe: () => Promise.resolve(undefined),
};

interface Asked {
  readonly resolve: (hardware: string | undefined) => void;
  readonly reject: (error: Error) => void;
}

export class PipeAddresses implements FloatingAddresses {
  readonly #pipe: WorkerPipe;
  readonly #incarnation: () => string;
  readonly #asked = new Map<number, Asked>();
  #number = 0;
  #listener: (news: NewsOfAddress) => void = () => {};

  /** `incarnation`: of the life that asks. A supervisor that has seen its end puts up nothing for it. */
  constructor(pipe: WorkerPipe, incarnation: () => string) {
    this.#pipe = pipe;
    this.#incarnation = incarnation;
    pipe.onMessage((message) => this.#told(message));
  }

  onNews(listener: (news: NewsOfAddress) => void): void {
    this.#listener = listener;
  }

  async up(address: string, signal: AbortSignal): Promise<void> {
    let stop = (): void => {};
    const stopped = new Promise<never>((_, reject) => {
      stop = () => reject(new Error('it is not wanted any more'));
      signal.addEventListener('abort', stop, { once: true });
      if (signal.aborted) stop();
    });
    try {
      await Promise.race([this.#ask({ do: 'up', address }), stopped]);
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  async down(address: string): Promise<void> {
    await this.#ask({ do: 'down', address });
  }

  async close(address: string): Promise<void> {
    await this.#ask({ do: 'close', address });
  }

  async reopen(address: string): Promise<void> {
    await this.#ask({ do: 'reopen', address });
  }

  probe(address: string): Promise<string | undefined> {
    return this.#ask({ do: 'probe', address });
  }

  #ask(request: AddressRequest): Promise<string | undefined> {
    return new Promise((resolve, reject) => {
      this.#number += 1;
      this.#asked.set(this.#number, { resolve, reject });
      this.#pipe.send({ tell: 'ask', incarnation: this.#incarnation(), number: this.#number, request });
    });
  }

  #told(message: SupervisorMessage): void {
    if (message.tell === 'address-news') this.#listener(message.news);
    if (message.tell !== 'answer') return;
    const asked = this.#asked.get(message.number);
    this.#asked.delete(message.number);
    if (message.error === undefined) asked?.resolve(message.hardware);
    else asked?.reject(new Error(message.error));
  }
}
