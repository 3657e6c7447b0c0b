// A connected socket as straight-line code wants it: one waiter, woken by whatever happens first.

import type { Socket } from 'node:net';
import type { Clock } from '../platform/clock.js';
import { reset } from './reset.js';
import type { TcpConnection } from './tcp-witness.js';

export class DeviceLink {
  readonly connection: TcpConnection;
  /** Octets given to the socket. */
  handed = 0;
  /** Octets that the kernel has taken from the socket. */
  written = 0;
  /** The device's FIN was seen. */
  peerEnded = false;
  /** It came together with other octets, and libuv reports a reset in that place as a FIN, too. */
  endIsDoubtful = false;
  /** The connection broke without our doing. */
  failure: Error | undefined;
  /** Why we reset it ourselves. */
  cut: 'canceled' | 'lost-ownership' | undefined;
  readonly #socket: Socket;
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  readonly #onAbort: () => void;
  #closed = false;
  #halfClosed = false;
  #heardJustNow = false;
  #wake: () => void = () => {};

  constructor(socket: Socket, { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal }) {
    this.#socket = socket;
    this.#clock = clock;
    this.#signal = signal;
    this.connection = {
      localAddress: socket.localAddress ?? '',
      localPort: socket.localPort ?? 0,
      remoteAddress: socket.remoteAddress ?? '',
      remotePort: socket.remotePort ?? 0,
    };
    this.#onAbort = () => this.reset('canceled');
    signal.addEventListener('abort', this.#onAbort, { once: true });
    socket.on('error', (error) => this.#note(() => (this.failure ??= error)));
    socket.on('end', () => this.#end());
    socket.on('close', () => this.#note(() => (this.#closed = true)));
    if (signal.aborted) this.#onAbort();
  }

  /** Nothing more can be sent. */
  get broken(): boolean {
    return this.cut !== undefined || this.failure !== undefined || this.#closed;
  }

  /** Starts reading what the device says. */
  listen(hear: (chunk: Buffer) => void): void {
    this.#socket.on('data', (chunk: Buffer) => {
      if (!this.#heardJustNow) setImmediate(() => (this.#heardJustNow = false));
      this.#heardJustNow = true;
      hear(chunk);
      this.#wake();
    });
  }

  /** Resolves when the kernel has the whole chunk, or the link is broken. */
  send(chunk: Uint8Array): Promise<void> {
    this.handed += chunk.length;
    return this.unlessBroken(
      new Promise((resolve) => {
        this.#socket.write(chunk, (error) => {
          if (error) this.failure ??= error;
          else this.written += chunk.length;
          resolve();
        });
      }),
    );
  }

  /** The promise's value, or undefined as soon as the link is broken. */
  unlessBroken<T>(promise: Promise<T>): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      promise.then(resolve, reject);
      this.#wake = () => {
        if (this.broken) resolve(undefined);
      };
      this.#wake();
    });
  }

  /** Resolves at the next thing that happens, after `ms` at the latest. */
  event(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#clock.after(ms, resolve);
      this.#wake = () => {
        cancel();
        resolve();
      };
    });
  }

  /** Everything was sent: from now on an abort ends our waiting, but no longer takes bytes back. */
  keepWhatWasSent(): void {
    this.#signal.removeEventListener('abort', this.#onAbort);
    this.#signal.addEventListener('abort', () => this.#wake(), { once: true });
  }

  /** Finds a reset that reading did not tell: writing nothing fails then. */
  probe(): void {
    this.#socket.write('', (error) => {
      if (error) this.#note(() => (this.failure ??= error));
    });
  }

  halfClose(): void {
    this.#halfClosed = true;
    this.#socket.end();
  }

  /** Throws away what the kernel has not sent yet. */
  reset(cause: 'canceled' | 'lost-ownership'): void {
    if (this.broken) return;
    this.#note(() => (this.cut = cause));
    reset(this.#socket);
  }

  close(): void {
    this.#signal.removeEventListener('abort', this.#onAbort);
    this.#socket.destroy();
  }

  #end(): void {
    this.endIsDoubtful = this.#heardJustNow;
    this.#note(() => (this.peerEnded = true));
    if (!this.#halfClosed) this.probe();
  }

  #note(change: () => void): void {
    change();
    this.#wake();
  }
}
