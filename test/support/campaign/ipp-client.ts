// An IPP client of its own over node:http: Print-Job, Create-Job and Send-Document, Get-Job-Attributes. It never sends anything twice.

import { type Agent, request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { group, header, int, preamble, value, end as endOfAttributes } from '../ipp-builder.js';
import type { Answer } from './history.js';

const operations = { 'print-job': 0x0002, 'create-job': 0x0005, 'send-document': 0x0006, 'get-job': 0x0009 } as const;
const answerTimeoutMs = 30_000;
const pieceOctets = 16_384;
const loopback = '127.0.0.1';

export interface IppTarget {
  /** Default: 127.0.0.1. */
  readonly host?: string;
  readonly port: number;
  readonly printer: string;
  readonly agent: Agent | false;
}

export interface IppCall {
  readonly operation: keyof typeof operations;
  readonly jobName?: string;
  readonly job?: number;
  readonly last?: boolean;
  readonly document?: Buffer;
  readonly gzip?: boolean;
  /** Ends the connection after this share of the document. */
  readonly cutAfter?: number;
  /** Waits between two pieces of the document. */
  readonly pieceMs?: number;
  readonly chunked?: boolean;
  readonly timeoutMs?: number;
}

export interface IppReply {
  readonly answer: Answer;
  readonly status: number;
  readonly id?: number;
  readonly detail: string;
  readonly octets: Buffer;
  /** Our side of the connection. */
  readonly localPort: number;
}

const headOf = ({ host = loopback, printer, port }: IppTarget, call: IppCall): Buffer => {
  const attributes = [
    preamble,
    value(0x45, 'printer-uri', `ipp://${host}:${port}/ipp/print/${printer}`),
    ...(call.job === undefined ? [] : [value(0x21, 'job-id', int(call.job))]),
    value(0x42, 'requesting-user-name', 'campaign'),
    ...(call.jobName === undefined ? [] : [value(0x42, 'job-name', call.jobName)]),
    ...(call.gzip === true ? [value(0x44, 'compression', 'gzip')] : []),
    ...(call.last === undefined ? [] : [value(0x22, 'last-document', Buffer.of(call.last ? 1 : 0))]),
  ];
  return Buffer.concat([header('2.0', operations[call.operation], 1), group(0x01, ...attributes), endOfAttributes]);
};

const idIn = (octets: Buffer): number | undefined => {
  const name = Buffer.from('\x21\x00\x06job-id\x00\x04', 'latin1');
  const at = octets.indexOf(name);
  return at === -1 ? undefined : octets.readInt32BE(at + name.length);
};

const replyOf = (http: number, octets: Buffer, localPort: number): IppReply => {
  const status = http === 200 && octets.length >= 8 ? octets.readUInt16BE(2) : 0xffff;
  const id = idIn(octets);
  return {
    answer: status < 0x0100 ? 'acknowledged' : 'refused',
    status,
    ...(id === undefined ? {} : { id }),
    detail: `HTTP ${http}, IPP ${status.toString(16)}`,
    octets,
    localPort,
  };
};

/** Resolves in every case, with what the client knows of its request. */
export const callIpp = (target: IppTarget, call: IppCall): Promise<IppReply> =>
  new Promise((resolve) => {
    const head = headOf(target, call);
    const { timeoutMs = answerTimeoutMs } = call;
    const plain = call.document ?? Buffer.alloc(0);
    const document = call.gzip === true ? gzipSync(plain, { level: 1 }) : plain;
    const body = Buffer.concat([head, document]);
    const size = call.cutAfter === undefined ? body.length : head.length + Math.floor(document.length * call.cutAfter);
    let wasCut = false;
    let localPort = 0;
    const sending = request({
      host: target.host ?? loopback,
      port: target.port,
      path: `/ipp/print/${target.printer}`,
      method: 'POST',
      agent: target.agent,
      timeout: timeoutMs,
      headers: {
        'content-type': 'application/ipp',
        ...(call.chunked === true ? {} : { 'content-length': String(body.length) }),
      },
    });
    const broken = (error: NodeJS.ErrnoException): void => {
      const answer = wasCut ? 'cut' : error.syscall === 'connect' ? 'not-sent' : 'unknown';
      resolve({ answer, status: 0xffff, detail: error.message, octets: Buffer.alloc(0), localPort });
    };
    sending.on('socket', (socket) => {
      const note = (): void => {
        localPort = socket.localPort ?? 0;
      };
      if (socket.connecting) socket.once('connect', note);
      else note();
    });
    sending.on('error', broken);
    sending.on('timeout', () => sending.destroy(new Error(`no answer in ${timeoutMs} ms`)));
    sending.on('response', (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('error', broken);
      response.on('end', () => resolve(replyOf(response.statusCode ?? 0, Buffer.concat(parts), localPort)));
    });
    const send = async (): Promise<void> => {
      for (let at = 0; at < size && !sending.destroyed; at += pieceOctets) {
        sending.write(body.subarray(at, Math.min(size, at + pieceOctets)));
        if (call.pieceMs !== undefined) await pause(call.pieceMs);
      }
      if (size === body.length) sending.end();
      else {
        // What was written must be on its way before the end.
        await pause(5);
        wasCut = true;
        sending.destroy(new Error('cut off on purpose'));
      }
    };
    void send();
  });
