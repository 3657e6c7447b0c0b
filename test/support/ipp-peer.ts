// An IPP printer that follows a script: it answers each operation as a test says, else as a good printer would, and
// keeps what it was told. Its answers are made by the independent builder.

import {
  createServer as createPlainServer,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { MessageReader } from '../../lib/protocols/ipp/message-reader.js';
import { type OperationName, operationName } from '../../lib/protocols/ipp/operations.js';
import { type StatusName, statusCodes } from '../../lib/protocols/ipp/status-codes.js';
import { groupTags } from '../../lib/protocols/ipp/tags.js';
import * as ipp from '../../lib/protocols/ipp/values.js';
import { ippBytes } from './ipp-builder.js';

export interface Call {
  readonly operation: string;
  readonly message: ipp.IppMessage;
  /** `1.1` */
  readonly version: string;
  /** Octets of document data that have come, in order. */
  document: Buffer;
  /** The whole request came. */
  whole: boolean;
  readonly headers: IncomingMessage['headers'];
  readonly remotePort: number;
  readonly socket: Socket;
  /** The first value of an attribute in any group. */
  value(name: string): unknown;
}

export type Reply =
  | {
      readonly status?: StatusName;
      readonly groups?: readonly ipp.IppGroup[];
      readonly version?: ipp.IppVersion;
      readonly close?: boolean;
    }
  | { readonly http: number; readonly headers?: Readonly<Record<string, string>> }
  | { readonly raw: Uint8Array }
  /** No answer, ever. */
  | 'hang'
  /** The connection is reset. */
  | 'cut';

type Script = (call: Call, times: number) => Reply | undefined;

export interface IppPeerOptions {
  /** By operation: what is answered; undefined: what a good printer would say. `times` counts from 1. */
  readonly on?: Readonly<Partial<Record<OperationName, Script>>>;
  /** Answers before the document has come. */
  readonly early?: Readonly<Partial<Record<OperationName, Script>>>;
  /** Instead of those in the printer's description. */
  readonly attributes?: readonly ipp.IppAttribute[];
  /** Stops reading a request's document after so many octets. */
  readonly readAtMost?: number;
  readonly tls?: { readonly key: string; readonly cert: string };
}

const { attribute } = ipp;

export const description: readonly ipp.IppAttribute[] = [
  attribute('operations-supported', ...[0x02, 0x05, 0x06, 0x08, 0x09, 0x0b].map(ipp.enumValue)),
  attribute('document-format-supported', ipp.mimeType('application/octet-stream'), ipp.mimeType('application/pdf')),
  attribute('printer-state', ipp.enumValue(3)),
  attribute('printer-state-reasons', ipp.keyword('none')),
  attribute('printer-is-accepting-jobs', ipp.boolean(true)),
  attribute('multiple-document-jobs-supported', ipp.boolean(true)),
  attribute('copies-supported', ipp.range(1, 99)),
];

/** The description with some attributes replaced, and without those that have no value. */
export const describe = (changes: Readonly<Record<string, readonly ipp.IppValue[]>>): readonly ipp.IppAttribute[] =>
  [
    ...description.filter(({ name }) => changes[name] === undefined),
    ...Object.entries(changes).map(([name, values]) => attribute(name, ...values)),
  ].filter(({ values }) => values.length > 0);

export const operations = (...ids: readonly number[]) => ({ 'operations-supported': ids.map(ipp.enumValue) });

/** A job group. */
export const job = (id: number | undefined, state: number, ...reasons: readonly string[]): ipp.IppGroup =>
  ipp.group(
    groupTags.job,
    ...(id === undefined ? [] : [attribute('job-id', ipp.integer(id))]),
    attribute('job-state', ipp.enumValue(state)),
    attribute('job-state-reasons', ...(reasons.length === 0 ? ['none'] : reasons).map(ipp.keyword)),
  );

export const answerBytes = (reply: Exclude<Reply, string>, requestId = 1): Uint8Array => {
  if ('raw' in reply) return reply.raw;
  if ('http' in reply) return new Uint8Array();
  const { status = 'successful-ok', groups = [], version = { major: 2, minor: 0 } } = reply;
  return ippBytes({
    version,
    code: statusCodes[status],
    requestId,
    groups: [
      ipp.group(
        groupTags.operation,
        attribute('attributes-charset', ipp.charset('utf-8')),
        attribute('attributes-natural-language', ipp.language('en')),
      ),
      ...groups,
    ],
  });
};

export const startIppPeer = async (options: IppPeerOptions = {}) => {
  const calls: Call[] = [];
  const sockets = new Set<Socket>();
  const jobs = new Map<number, Buffer[]>();
  let connections = 0;
  let nextJob = 0;

  const goodReply = (call: Call): Reply => {
    const id = Number(call.value('job-id') ?? 0);
    switch (call.operation) {
      case 'Get-Printer-Attributes':
        return { groups: [ipp.group(groupTags.printer, ...(options.attributes ?? description))] };
      case 'Create-Job':
        nextJob += 1;
        jobs.set(nextJob, []);
        return { groups: [job(nextJob, 3, 'job-incoming')] };
      case 'Print-Job':
        nextJob += 1;
        jobs.set(nextJob, [call.document]);
        return { groups: [job(nextJob, 5)] };
      case 'Send-Document':
        jobs.get(id)?.push(call.document);
        return { groups: [job(id, 5)] };
      case 'Get-Job-Attributes':
        return { groups: [job(id, 9, 'job-completed-successfully')] };
      default:
        return {};
    }
  };

  const send = (call: Call, reply: Reply, response: ServerResponse): void => {
    if (reply === 'hang') return;
    if (reply === 'cut') return void call.socket.resetAndDestroy();
    if ('http' in reply) {
      response.writeHead(reply.http, reply.headers ?? {}).end();
      return;
    }
    if (!('raw' in reply) && reply.close) response.setHeader('Connection', 'close');
    response.writeHead(200, { 'Content-Type': 'application/ipp' });
    response.end(answerBytes(reply, call.message.requestId));
  };

  const times = (operation: string): number => calls.filter((call) => call.operation === operation).length;

  const take = (request: IncomingMessage, response: ServerResponse, message: ipp.IppMessage): Call => {
    const call: Call = {
      operation: operationName(message.code),
      message,
      version: `${message.version.major}.${message.version.minor}`,
      document: Buffer.alloc(0),
      whole: false,
      headers: request.headers,
      remotePort: request.socket.remotePort ?? 0,
      socket: request.socket,
      value: (name) =>
        message.groups.flatMap(({ attributes }) => attributes).find((one) => one.name === name)?.values[0]?.value,
    };
    calls.push(call);
    const early = options.early?.[call.operation as OperationName]?.(call, times(call.operation));
    if (early !== undefined) send(call, early, response);
    return call;
  };

  const listener: RequestListener = (request, response) => {
    const reader = new MessageReader();
    let call: Call | undefined;
    request.on('error', () => {});
    request.on('data', (chunk: Buffer) => {
      if (call === undefined) {
        const read = reader.push(chunk);
        if (!read.done) return;
        call = take(request, response, read.message);
        call.document = Buffer.from(read.rest);
      } else call.document = Buffer.concat([call.document, chunk]);
      if (options.readAtMost !== undefined && call.document.length >= options.readAtMost) request.pause();
    });
    request.on('end', () => {
      if (call === undefined) throw new Error('a request without a message came');
      call.whole = true;
      if (response.headersSent) return;
      const scripted = options.on?.[call.operation as OperationName]?.(call, times(call.operation));
      send(call, scripted ?? goodReply(call), response);
    });
  };
  const server = options.tls ? createTlsServer(options.tls, listener) : createPlainServer(listener);
  server.on('connection', (socket: Socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;

  return {
    port,
    uri: `${options.tls ? 'ipps' : 'ipp'}://127.0.0.1:${port}/ipp/print`,
    calls,
    /** Documents by the printer's job number. */
    jobs,
    get connections() {
      return connections;
    },
    get open() {
      return sockets.size;
    },
    operations: () => calls.map(({ operation }) => operation),
    of: (operation: OperationName) => calls.filter((call) => call.operation === operation),
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};

export type IppPeer = Awaited<ReturnType<typeof startIppPeer>>;
