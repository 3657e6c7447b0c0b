// A client's connection as straight-line code wants it: the next octets, or why there are none.

import type { Socket } from 'node:net';
import type { Clock } from '../../platform/clock.js';
import type { Hearing } from '../../queue/hearing.js';
import { followClient } from '../follow-client.js';

/** How long a client that we have no more to say to may go on sending: a reset at once could take our answer from it. */
const lingerMs = 2_000;

/** `end`: the client closed its sending side; `cut`: the connection broke; `idle`: nothing came in time. */
export type Next = Uint8Array | 'end' | 'cut' | 'idle';

export class ClientSocket {
  /** The client's address; IPv4 without the IPv6 prefix of wildcard listeners. */
  readonly address: string;
  readonly hearing: Hearing;
  readonly #socket: Socket;
  readonly #clock: Clock;
  #ended = false;
  #broken = false;
  #parted = false;
  #wake: () => void = () => {};

  constructor(socket: Socket, clock: Clock) {
    this.#socket = socket;
    this.hearing = followClient(socket);
    this.#clock = clock;
    this.address = (socket.remoteAddress ?? '').replace(/^::ffff:(?=\d+\.)/i, '');
    const note = (change: () => void): (() => void) => {
      return () => {
        change();
        this.#wake();
      };
    };
    socket.on(
      'readable',
      note(() => {}),
    );
    socket.on(
      'end',
      note(() => (this.#ended = true)),
    );
    socket.on(
      'error',
      note(() => (this.#broken = true)),
    );
    socket.on(
      'close',
      note(() => (this.#broken = true)),
    );
  }

  /** At most one call at a time. */
  async next(withinMs: number): Promise<Next> {
    for (;;) {
      const chunk = this.#socket.read() as Buffer | null;
      if (chunk !== null) return chunk;
      if (this.#ended) return (await this.#isReset()) ? 'cut' : 'end';
      if (this.#broken) return 'cut';
      if (!(await this.#event(withinMs))) return 'idle';
    }
  }

  /** `onWritten` is not called when that fails. */
  write(octets: Uint8Array | string, onWritten?: () => void): void {
    if (!this.#socket.writable) return;
    this.#socket.write(octets, (error) => {
      if (!(error instanceof Error)) onWritten?.();
    });
  }

  /** Closes in order; what the client still sends is thrown away. */
  part(): void {
    const socket = this.#socket;
    if (this.#parted || socket.destroyed) return;
    this.#parted = true;
    socket.removeAllListeners('readable');
    const cancel = this.#clock.after(lingerMs, () => socket.destroy());
    socket.once('close', cancel);
    socket.once('end', () => socket.destroySoon());
    socket.end();
    socket.resume();
    if (this.#ended) socket.destroySoon();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** A reset right behind data is reported to us as an end; writing nothing tells them apart, without an octet on the wire. */
  #isReset(): Promise<boolean> {
    if (this.#broken || !this.#socket.writable) return Promise.resolve(true);
    return new Promise((resolve) => {
      this.#socket.write('', (error) => resolve(error instanceof Error));
    });
  }

  /** False when nothing happened within the time. */
  #event(withinMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const cancel = this.#clock.after(withinMs, () => resolve(false));
      this.#wake = () => {
        cancel();
        resolve(true);
      };
    });
  }
}
