// An IPP client by hand: requests made by the independent builder, HTTP spoken octet by octet over its own sockets.

import { connect, type Socket } from 'node:net';
import type { Test } from 'tap';
import { decodeMessage } from '../../lib/protocols/ipp/message-reader.js';
import { type OperationName, operationIds } from '../../lib/protocols/ipp/operations.js';
import { type StatusName, statusCodes } from '../../lib/protocols/ipp/status-codes.js';
import { groupTags } from '../../lib/protocols/ipp/tags.js';
import * as ipp from '../../lib/protocols/ipp/values.js';
import { ippBytes } from './ipp-builder.js';

export interface IppCall {
  /** Instead of the operation's own number. */
  readonly code?: number;
  /** `2.0` */
  readonly version?: string;
  readonly requestId?: number;
  /** printer-uri; default: the printer `lp`; null: none. */
  readonly uri?: string | null;
  readonly user?: string;
  /** Further operation attributes. */
  readonly operation?: readonly ipp.IppAttribute[];
  readonly job?: readonly ipp.IppAttribute[];
  readonly data?: Uint8Array | string;
}

/** The attributes that begin an operation group. */
export const preface = [
  ipp.attribute('attributes-charset', ipp.charset('utf-8')),
  ipp.attribute('attributes-natural-language', ipp.language('en')),
];

export const ippRequest = (operation: OperationName, call: IppCall = {}): Buffer => {
  const { version = '2.0', requestId = 7, uri = 'ipp://localhost/printers/lp', user = 'alice' } = call;
  const [major = 2, minor = 0] = version.split('.').map(Number);
  const groups = [
    ipp.group(
      groupTags.operation,
      ...preface,
      ...(uri === null ? [] : [ipp.attribute('printer-uri', ipp.uri(uri))]),
      ipp.attribute('requesting-user-name', ipp.name(user)),
      ...(call.operation ?? []),
    ),
    ...(call.job === undefined ? [] : [ipp.group(groupTags.job, ...call.job)]),
  ];
  const code = call.code ?? operationIds[operation];
  return Buffer.concat([
    ippBytes({ version: { major, minor }, code, requestId, groups }),
    Buffer.from(call.data ?? ''),
  ]);
};

export interface HttpAnswer {
  readonly status: number;
  readonly version: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export class IppReply {
  readonly message: ipp.IppMessage;

  constructor(body: Uint8Array) {
    this.message = decodeMessage(body, { messageOctets: 2 ** 28, attributes: 10_000_000, values: 10_000_000 }).message;
  }

  get status(): StatusName | number {
    const found = Object.entries(statusCodes).find(([, code]) => code === this.message.code);
    return found === undefined ? this.message.code : (found[0] as StatusName);
  }

  groups(tag: number): readonly ipp.IppGroup[] {
    return this.message.groups.filter((group) => group.tag === tag);
  }

  get jobs(): readonly ipp.IppGroup[] {
    return this.groups(groupTags.job);
  }

  names(tag: number): readonly string[] {
    return this.groups(tag).flatMap(({ attributes }) => attributes.map(({ name }) => name));
  }

  values(name: string): readonly unknown[] {
    for (const { attributes } of this.message.groups)
      for (const attribute of attributes)
        if (attribute.name === name) return attribute.values.map(({ value }) => value as unknown);
    return [];
  }

  /** The first value of the first attribute of that name in any group. */
  value(name: string): unknown {
    return this.values(name)[0];
  }
}

export const postHead = (headers: Readonly<Record<string, string | number>>, path = '/', version = '1.1'): string =>
  [
    `POST ${path} HTTP/${version}`,
    ...Object.entries({ Host: 'localhost', 'Content-Type': 'application/ipp', ...headers })
      .filter(([, value]) => value !== '')
      .map(([name, value]) => `${name}: ${value}`),
    '\r\n',
  ].join('\r\n');

/** A whole HTTP request with Content-Length. */
export const post = (body: Uint8Array, headers: Readonly<Record<string, string | number>> = {}): Buffer =>
  Buffer.concat([Buffer.from(postHead({ 'Content-Length': body.length, ...headers })), body]);

export const chunk = (octets: Uint8Array, extension = ''): Buffer =>
  Buffer.concat([Buffer.from(`${octets.length.toString(16)}${extension}\r\n`), octets, Buffer.from('\r\n')]);

export const lastChunk = '0\r\n\r\n';

/** The answer at the start of the octets and how many it has, or undefined while some are missing. */
const readAnswer = (octets: Buffer, ended: boolean): { answer: HttpAnswer; length: number } | undefined => {
  const end = octets.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const [first = '', ...lines] = octets.toString('latin1', 0, end).split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  );
  const [version = '', status = '0'] = first.split(' ');
  const start = end + 4;
  const made = (body: Buffer, length: number) => ({
    answer: { status: Number(status), version, headers, body },
    length,
  });
  if (Number(status) < 200) return made(Buffer.alloc(0), start);
  if (headers['transfer-encoding'] === 'chunked') {
    const chunks: Buffer[] = [];
    for (let at = start; ; ) {
      const lineEnd = octets.indexOf('\r\n', at);
      if (lineEnd < 0) return undefined;
      const size = Number.parseInt(octets.toString('latin1', at, lineEnd), 16);
      if (octets.length < lineEnd + size + 4) return undefined;
      chunks.push(octets.subarray(lineEnd + 2, lineEnd + 2 + size));
      at = lineEnd + size + 4;
      if (size === 0) return made(Buffer.concat(chunks), at);
    }
  }
  const length = headers['content-length'];
  if (length === undefined) return ended ? made(octets.subarray(start), octets.length) : undefined;
  if (octets.length < start + Number(length)) return undefined;
  return made(octets.subarray(start, start + Number(length)), start + Number(length));
};

/** One connection. What the server sends is kept until it is asked for. */
export class HttpConnection {
  readonly socket: Socket;
  #pieces: Buffer[] = [];
  #ended = false;
  #waiting: (() => void)[] = [];

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (piece) => {
      this.#pieces.push(piece);
      this.#wake();
    });
    // A reset is one way to end; `closed` tells.
    socket.on('error', () => {});
    for (const event of ['end', 'close'])
      socket.on(event, () => {
        this.#ended = true;
        this.#wake();
      });
  }

  static async open(t: Pick<Test, 'teardown'>, port: number, host = '127.0.0.1'): Promise<HttpConnection> {
    const socket = connect({ port, host, noDelay: true, allowHalfOpen: true });
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    t.teardown(() => socket.destroy());
    return new HttpConnection(socket);
  }

  /** Resolves when the kernel has taken it; a connection that is gone takes all. */
  async send(...parts: readonly (string | Uint8Array)[]): Promise<void> {
    for (const part of parts) await new Promise<void>((resolve) => void this.socket.write(part, () => resolve()));
  }

  /** The next answer; undefined when the server ended the connection instead. */
  async answer(): Promise<HttpAnswer | undefined> {
    for (;;) {
      const octets = Buffer.concat(this.#pieces);
      const read = readAnswer(octets, this.#ended);
      if (read !== undefined) {
        this.#pieces = [octets.subarray(read.length)];
        return read.answer;
      }
      this.#pieces = [octets];
      if (this.#ended) return undefined;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /** The next answer, which must be an IPP one. */
  async reply(): Promise<IppReply> {
    const answer = await this.answer();
    if (answer === undefined) throw new Error('the server closed the connection');
    if (answer.status !== 200) throw new Error(`HTTP status ${answer.status}`);
    return new IppReply(answer.body);
  }

  /** Resolves when the server has ended the connection. */
  async ended(): Promise<void> {
    while (!this.#ended) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }
}
