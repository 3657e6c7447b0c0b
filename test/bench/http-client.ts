// An HTTP/1.1 client on one kept-alive connection, as little as a load generator needs: whole requests out, answers counted.

import { connect, type Socket } from 'node:net';

export interface Answer {
  /** HTTP status. */
  readonly status: number;
  /** The body; empty unless it was asked for, apart from its first octets. */
  readonly body: Buffer;
}

export interface Post {
  readonly port: number;
  readonly path: string;
  /** The body as one piece, and how often it is sent after `head`. */
  readonly head: Uint8Array;
  readonly piece?: Uint8Array;
  readonly pieces?: number;
}

const startOctets = 8;

export const requestHead = ({ port, path, head, piece, pieces = 1 }: Post): Buffer => {
  const length = head.length + (piece?.length ?? 0) * pieces;
  const lines = [
    `POST ${path} HTTP/1.1`,
    `Host: localhost:${port}`,
    'Content-Type: application/ipp',
    `Content-Length: ${length}`,
  ];
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`);
};

interface Waiting {
  readonly keepBody: boolean;
  resolve(answer: Answer): void;
  reject(error: Error): void;
}

export class HttpClient {
  readonly #port: number;
  readonly #host: string;
  #socket: Socket | undefined;
  #waiting: Waiting | undefined;
  #buffer: Buffer = Buffer.alloc(0);
  #status = 0;
  /** Octets of the body, or of the chunk, that are still to come; undefined: a head, or a chunk's size, comes next. */
  #left: number | undefined;
  #chunked = false;
  #close = false;
  #kept: Buffer[] = [];
  #keptOctets = 0;

  constructor(port: number, host = '127.0.0.1') {
    this.#port = port;
    this.#host = host;
  }

  /** Sends a whole request; resolves with its answer. One at a time. */
  async send(request: Uint8Array, { keepBody = false } = {}): Promise<Answer> {
    const socket = this.#socket ?? (await this.#connect());
    const answer = this.#answer(keepBody);
    socket.write(request);
    return answer;
  }

  /** Sends a request whose body is one piece again and again, as fast as it is taken. */
  async sendLarge(post: Post): Promise<Answer> {
    const socket = this.#socket ?? (await this.#connect());
    const answer = this.#answer(false);
    socket.write(requestHead(post));
    socket.write(post.head);
    for (let sent = 0; post.piece !== undefined && sent < (post.pieces ?? 1); sent += 1)
      if (!socket.write(post.piece)) await new Promise((resolve) => socket.once('drain', resolve));
    return answer;
  }

  end(): void {
    this.#socket?.destroy();
    this.#socket = undefined;
  }

  #answer(keepBody: boolean): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#waiting = { keepBody, resolve, reject };
    });
  }

  #connect(): Promise<Socket> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port: this.#port, host: this.#host, noDelay: true });
      const lost = (error: Error): void => {
        reject(error);
        if (this.#socket !== socket) return;
        this.#socket = undefined;
        this.#waiting?.reject(error);
        this.#waiting = undefined;
        this.#buffer = Buffer.alloc(0);
      };
      socket.once('connect', () => {
        this.#socket = socket;
        resolve(socket);
      });
      socket.on('data', (chunk: Buffer) => this.#take(chunk));
      socket.on('error', lost);
      socket.on('close', () => lost(new Error('the server closed the connection')));
    });
  }

  #take(chunk: Buffer): void {
    let rest = this.#buffer.length === 0 ? chunk : Buffer.concat([this.#buffer, chunk]);
    for (;;) {
      const next = this.#left === undefined ? this.#line(rest) : this.#body(rest, this.#left);
      if (next === undefined) break;
      rest = next;
    }
    this.#buffer = rest;
  }

  /** A head, or a chunk's size; undefined while it is not whole. */
  #line(octets: Buffer): Buffer | undefined {
    if (this.#chunked) return this.#chunkSize(octets);
    const end = octets.indexOf('\r\n\r\n');
    if (end === -1) return undefined;
    const head = octets.toString('latin1', 0, end);
    const rest = octets.subarray(end + 4);
    this.#status = Number(head.slice(9, 12));
    if (this.#status === 100) return rest;
    this.#close = /^connection: *close/im.test(head);
    const length = /^content-length: *(\d+)/im.exec(head)?.[1];
    this.#chunked = length === undefined;
    if (!this.#chunked) this.#left = Number(length);
    return rest;
  }

  #chunkSize(octets: Buffer): Buffer | undefined {
    // The line's end of the chunk before comes first.
    const start = octets[0] === 0x0d ? 2 : 0;
    const end = octets.indexOf('\r\n', start);
    if (end === -1) return undefined;
    const size = Number.parseInt(octets.toString('latin1', start, end), 16);
    if (size > 0) {
      this.#left = size;
      return octets.subarray(end + 2);
    }
    if (octets.length < end + 4) return undefined;
    this.#done();
    return octets.subarray(end + 4);
  }

  #body(octets: Buffer, left: number): Buffer | undefined {
    if (octets.length === 0 && left > 0) return undefined;
    const taken = Math.min(left, octets.length);
    if (this.#waiting?.keepBody === true || this.#keptOctets < startOctets) {
      this.#kept.push(Buffer.from(octets.subarray(0, taken)));
      this.#keptOctets += taken;
    }
    this.#left = left - taken;
    if (this.#left > 0) return octets.subarray(taken);
    if (!this.#chunked) {
      this.#done();
      return octets.subarray(taken);
    }
    this.#left = undefined;
    return octets.subarray(taken);
  }

  #done(): void {
    const waiting = this.#waiting;
    const answer = { status: this.#status, body: Buffer.concat(this.#kept) };
    this.#waiting = undefined;
    this.#left = undefined;
    this.#chunked = false;
    this.#kept = [];
    this.#keptOctets = 0;
    if (this.#close) this.end();
    waiting?.resolve(answer);
  }
}
