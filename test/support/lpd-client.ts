// A hand-made LPD client, octet by octet, for the tests of the listener. It knows nothing of lib/protocols/lpd.

import { connect, type Socket } from 'node:net';

export class LpdClient {
  readonly #socket: Socket;
  #heard: Buffer = Buffer.alloc(0);
  #ended = false;
  #wake: () => void = () => {};

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#heard = Buffer.concat([this.#heard, chunk]);
      this.#wake();
    });
    for (const event of ['end', 'close', 'error'])
      socket.on(event, () => {
        this.#ended = true;
        socket.end();
        this.#wake();
      });
  }

  static open(port: number, { host = '127.0.0.1', from = '127.0.0.1' } = {}): Promise<LpdClient> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host, port, localAddress: from, allowHalfOpen: true, noDelay: true });
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new LpdClient(socket));
      });
    });
  }

  /** Our side of the connection. */
  get localPort(): number {
    return this.#socket.localPort ?? 0;
  }

  send(octets: string | Uint8Array): void {
    if (this.#socket.writable) this.#socket.write(typeof octets === 'string' ? Buffer.from(octets, 'latin1') : octets);
  }

  /** Resolves when the kernel has everything. */
  flush(): Promise<void> {
    return new Promise((resolve) => this.#socket.write('', () => resolve()));
  }

  /** The next octet of the server; `closed` when there is none. */
  async answer(): Promise<number | 'closed'> {
    while (this.#heard.length === 0) {
      if (this.#ended) return 'closed';
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    const [octet = 0] = this.#heard;
    this.#heard = this.#heard.subarray(1);
    return octet;
  }

  /** Sends and waits for the answer. */
  ask(octets: string | Uint8Array): Promise<number | 'closed'> {
    this.send(octets);
    return this.answer();
  }

  /** Everything up to the server's end. */
  async rest(): Promise<string> {
    while (!this.#ended) await new Promise<void>((resolve) => (this.#wake = resolve));
    return this.#heard.toString('utf8');
  }

  /** Octets that were heard and not asked for. */
  get unread(): number {
    return this.#heard.length;
  }

  /** Closes the sending side. */
  end(): void {
    this.#socket.end();
  }

  reset(): void {
    this.#socket.resetAndDestroy();
  }

  close(): void {
    this.#socket.destroy();
  }
}
