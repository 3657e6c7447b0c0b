// IPP over HTTP (RFC 8010 section 4): connections, limits, HTTP's own errors; every POST goes to the service.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PlatenError } from '../../errors.js';
import type { Clock } from '../../platform/clock.js';
import type { Log } from '../../platform/log.js';
import { type ConnectionLimits, limitConnections } from '../connection-limits.js';
import { type BodyLimits, guardedBody } from '../guarded-body.js';
import type { IppService } from './ipp-service.js';
import { statusPage } from './status-page.js';
import type { VirtualServer } from '../../queue/virtual-server.js';
import { authorityOf } from './uris.js';

export interface IppListenerLimits extends ConnectionLimits, BodyLimits {
  readonly headerTimeMs: number;
  readonly headerBytes: number;
  readonly maxDocumentBytes: number;
}

export interface IppListenerParts {
  readonly server: VirtualServer;
  readonly service: IppService;
  readonly limits: IppListenerLimits;
  readonly clock: Clock;
  readonly log: Log;
}

/** What is read of a body that nobody wants any more, so that the client gets to read the answer. */
const mostDiscardedBytes = 64 << 20;
const longestDiscardMs = 10_000;
const keepAliveMs = 60_000;

export class IppListener {
  readonly #parts: IppListenerParts;
  readonly #http: Server;

  constructor(parts: IppListenerParts) {
    this.#parts = parts;
    const { headerTimeMs, headerBytes } = parts.limits;
    this.#http = createServer({
      headersTimeout: headerTimeMs,
      maxHeaderSize: headerBytes,
      // R60: a long upload is no fault; the body's own limits watch over it.
      requestTimeout: 0,
      keepAliveTimeout: keepAliveMs,
      connectionsCheckingInterval: 1_000,
      highWaterMark: 128 << 10,
      noDelay: true,
    });
    limitConnections(this.#http, parts.limits);
    this.#http.on('request', (request, response) => this.#take(request, response, false));
    this.#http.on('checkContinue', (request, response) => this.#take(request, response, true));
    this.#http.on('clientError', (_error, socket) => {
      if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
      else socket.destroy();
    });
  }

  /** Resolves with the port when it listens. */
  async listen({ host, port }: { host: string; port: number }): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#http.once('error', reject);
      this.#http.listen({ host, port, backlog: 1024 }, () => {
        this.#http.off('error', reject);
        resolve();
      });
    });
    this.#http.on('error', (error) => this.#parts.log.error({ err: error }, 'the IPP listener reported an error'));
    return (this.#http.address() as AddressInfo).port;
  }

  /** Takes no more connections; requests under way get `graceMs` to end. */
  async close(graceMs: number): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.#http.close(() => resolve());
    });
    this.#http.closeIdleConnections();
    const cancel = this.#parts.clock.after(graceMs, () => this.#http.closeAllConnections());
    await closed;
    cancel();
  }

  #take(request: IncomingMessage, response: ServerResponse, expectsContinue: boolean): void {
    this.#serve(request, response, expectsContinue).catch((error: unknown) => {
      const code = error instanceof PlatenError ? error.code : undefined;
      if (code !== 'document-incomplete' && !response.destroyed)
        this.#parts.log.warn({ err: error, client: request.socket.remoteAddress }, 'an IPP connection was given up');
      request.socket.destroy();
    });
  }

  async #serve(request: IncomingMessage, response: ServerResponse, expectsContinue: boolean): Promise<void> {
    const { server, service, limits, clock } = this.#parts;
    if (request.method === 'GET' || request.method === 'HEAD') {
      statusPage(request, response, server);
      return;
    }
    const length = request.headers['content-length'];
    const announced = length === undefined ? undefined : Number(length);
    const refusal = refusalOf(request, announced, limits.maxDocumentBytes);
    if (refusal !== undefined) {
      const allow = refusal === 405 ? { allow: 'GET, HEAD, POST' } : {};
      response.writeHead(refusal, { connection: 'close', 'content-length': 0, ...allow }).flushHeaders();
      await this.#discard(request);
      response.end();
      return;
    }
    if (expectsContinue) response.writeContinue();
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    const { localAddress = '', localPort = 0 } = request.socket;
    let taken = 0;
    async function* counted(body: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
      for await (const chunk of body) {
        taken += chunk.length;
        yield chunk;
      }
    }
    const answer = await service.answer({
      body: counted(guardedBody(request, limits, clock)),
      ...(announced === undefined ? {} : { length: announced }),
      clientAddress: plainAddress(request.socket.remoteAddress),
      authority: authorityOf(request.headers.host, { address: localAddress, port: localPort }),
      signal: gone.signal,
    });
    const isWhole = announced === undefined ? await endsNow(request) : taken === announced;
    if (isWhole) {
      await send(response, answer, {});
    } else {
      // The client is still sending what nobody wants: it must be able to read the answer before the connection goes.
      await send(response, answer, { connection: 'close' });
      await this.#discard(request);
    }
    response.end();
  }

  /** Reads on for a while: closing a connection with unread data would reset it, and the client would not see the answer. */
  async #discard(request: IncomingMessage): Promise<void> {
    const cancel = this.#parts.clock.after(longestDiscardMs, () => request.socket.destroy());
    let discarded = 0;
    try {
      for await (const chunk of request.iterator({ destroyOnReturn: false })) {
        discarded += (chunk as Uint8Array).length;
        if (discarded > mostDiscardedBytes) break;
      }
    } catch {
      // The client has gone: nothing is owed to it.
    } finally {
      cancel();
    }
  }
}

/** Whether a body of unknown length ends with what is here already: the parser says so a turn later. */
const endsNow = async (request: IncomingMessage): Promise<boolean> => {
  if (!request.complete)
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
  return request.complete;
};

/** Writes the whole answer, but does not end the response. */
const send = async (
  response: ServerResponse,
  answer: AsyncIterable<Uint8Array>,
  headers: Readonly<Record<string, string>>,
): Promise<void> => {
  const iterator = answer[Symbol.asyncIterator]();
  const first = await iterator.next();
  const second = await iterator.next();
  const start = first.done === true ? new Uint8Array() : first.value;
  const length = second.done === true ? { 'content-length': start.length } : {};
  response.writeHead(200, { 'content-type': 'application/ipp', 'cache-control': 'no-cache', ...length, ...headers });
  response.write(start);
  if (second.done === true) return;
  response.write(second.value);
  for await (const piece of { [Symbol.asyncIterator]: () => iterator }) {
    if (response.destroyed) return;
    if (!response.write(piece)) await drained(response);
  }
};

/** HTTP's own status for what is no IPP request (RFC 8010 section 4). */
const refusalOf = (
  request: IncomingMessage,
  announced: number | undefined,
  maxDocumentBytes: number,
): number | undefined => {
  if (request.method !== 'POST') return 405;
  const type = request.headers['content-type'] ?? '';
  if (!/^application\/ipp\s*(;|$)/i.test(type)) return 415;
  const coding = request.headers['content-encoding'] ?? 'identity';
  if (coding.toLowerCase() !== 'identity') return 415;
  if (announced !== undefined && announced > maxDocumentBytes + (64 << 10)) return 413;
  return undefined;
};

const plainAddress = (address = ''): string => (address.startsWith('::ffff:') ? address.slice(7) : address);

const drained = (response: ServerResponse): Promise<void> =>
  new Promise((resolve) => {
    response.once('drain', done);
    response.once('close', done);
    function done(): void {
      response.off('drain', done);
      response.off('close', done);
      resolve();
    }
  });
