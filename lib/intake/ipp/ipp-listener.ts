// IPP over HTTP (RFC 8010 section 4): connections and their limits; every POST goes to the service, every GET to the status page.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { PlatenError } from '../../errors.js';
import type { Clock } from '../../platform/clock.js';
import type { Log } from '../../platform/log.js';
import { Hearing } from '../../queue/hearing.js';
import type { VirtualServer } from '../../queue/virtual-server.js';
import { type ConnectionLimits, limitConnections } from '../connection-limits.js';
import { type BodyLimits, GuardedBody } from '../guarded-body.js';
import { followClient, lingerAtEnd } from '../follow-client.js';
import { listenOn, quietMs } from '../listen.js';
import { discard, sendAnswer, watchEnd } from './http-answer.js';
import { answerToGarbage, refusalOf } from './http-refusal.js';
import type { IppService } from './ipp-service.js';
import { statusPage } from './status-page.js';
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
  /** Told when a request has ended. */
  readonly onEnd?: () => void;
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

const keepAliveMs = 60_000;
const longestFarewellMs = 2_000;

export class IppListener {
  readonly #parts: IppListenerParts;
  readonly #http: Server;
  /** The last request of each connection. */
  readonly #last = new WeakMap<Duplex, Exchange>();
  readonly #hearings = new WeakMap<Socket, Hearing>();
  /** Connections that get no more than a farewell. */
  readonly #leaving = new WeakSet<Duplex>();
  readonly #underWay = new Set<ServerResponse>();
  #isQuiet = false;

  constructor(parts: IppListenerParts) {
    this.#parts = parts;
    const { headerTimeMs, headerBytes } = parts.limits;
    this.#http = createServer({
      headersTimeout: headerTimeMs,
      maxHeaderSize: headerBytes,
      // R60: a long upload is no fault; the body's own limits watch over it.
      requestTimeout: 0,
      keepAliveTimeout: keepAliveMs,
      connectionsCheckingInterval: Math.min(1_000, headerTimeMs),
      highWaterMark: 128 << 10,
      noDelay: true,
    });
    // A client may close its sending side after the request and still wait for the answer.
    Object.assign(this.#http, { httpAllowHalfOpen: true });
    limitConnections(this.#http, parts.limits);
    this.#http.on('connection', (socket) => {
      this.#hearings.set(socket, followClient(socket));
      lingerAtEnd(socket, parts.clock);
    });
    this.#http.on('request', (request, response) => this.#take({ request, response }, false));
    this.#http.on('checkContinue', (request, response) => this.#take({ request, response }, true));
    this.#http.on('error', (error) => {
      // A port that cannot be had is told by `listen`.
      if (this.#http.listening) parts.log.error({ err: error }, 'the IPP listener reported an error');
    });
    this.#http.on('clientError', (error: NodeJS.ErrnoException, socket) => this.#giveUp(socket, error.code));
  }

  /** Requests that have not ended. */
  get underWay(): number {
    return this.#underWay.size;
  }

  /** Resolves with the port when it listens; also after `quiet`. */
  listen(place: { host: string; port: number }): Promise<number> {
    this.#isQuiet = false;
    return listenOn(this.#http, place);
  }

  /**
   * Takes no more connections; resolves when idle ones are closed, the others end with their requests. Who has just connected may have
   * a request on its way: it gets a moment. `listens`: the kernel lets nobody connect any more, so the port is kept.
   */
  async quiet({ listens }: { readonly listens: boolean }): Promise<void> {
    this.#isQuiet = true;
    if (this.#http.listening && !listens) this.#http.close();
    for (const response of this.#underWay) response.shouldKeepAlive = false;
    await this.#parts.clock.sleep(quietMs);
    if (this.#isQuiet) this.#http.closeIdleConnections();
  }

  /** Undoes `quiet` where the port was kept. */
  resume(): void {
    this.#isQuiet = false;
  }

  /** Takes no more connections; requests under way get `graceMs` to end. */
  async close(graceMs: number): Promise<void> {
    this.#isQuiet = true;
    const closed = new Promise<void>((resolve) => {
      this.#http.close(() => resolve());
    });
    this.#http.closeIdleConnections();
    const cancel = this.#parts.clock.after(graceMs, () => this.#http.closeAllConnections());
    await closed;
    cancel();
  }

  #take(exchange: Exchange, expectsContinue: boolean): void {
    const { request, response } = exchange;
    this.#last.set(request.socket, exchange);
    const hearing = this.#hearings.get(request.socket);
    hearing?.goesOn();
    response.once('finish', () => hearing?.answered());
    this.#underWay.add(response);
    if (this.#isQuiet) response.shouldKeepAlive = false;
    response.once('close', () => {
      this.#underWay.delete(response);
      this.#parts.onEnd?.();
    });
    this.#serve(exchange, expectsContinue).catch((error: unknown) => {
      const code = error instanceof PlatenError ? error.code : undefined;
      if (code !== 'document-incomplete' && !response.destroyed)
        this.#parts.log.warn({ err: error, client: request.socket.remoteAddress }, 'an IPP connection was given up');
      request.socket.destroy();
    });
  }

  async #serve({ request, response }: Exchange, expectsContinue: boolean): Promise<void> {
    const { server, limits, clock } = this.#parts;
    const answerLimits = { clock, idleTimeMs: limits.idleTimeMs };
    const refusal = refusalOf(request, limits.maxDocumentBytes);
    if (refusal !== undefined) {
      const allow = refusal === 405 ? { allow: 'GET, HEAD, POST' } : {};
      response.writeHead(refusal, { connection: 'close', 'content-length': 0, ...allow }).flushHeaders();
      await discard(request, clock);
      response.end();
    } else if (request.method === 'POST') {
      if (expectsContinue) response.writeContinue();
      await this.#answer({ request, response });
      return;
    } else {
      statusPage(request, response, server);
    }
    watchEnd(response, answerLimits);
  }

  async #answer({ request, response }: Exchange): Promise<void> {
    const { service, limits, clock } = this.#parts;
    const { socket, headers } = request;
    const announced = headers['content-length'] === undefined ? undefined : Number(headers['content-length']);
    const gone = new AbortController();
    response.once('close', () => {
      // After a whole answer nobody listens, and making the error that an abort carries costs a twentieth of a small request.
      if (!response.writableFinished) gone.abort();
    });
    const body = new GuardedBody(request, limits, clock);
    const answer = await service.answer({
      body,
      ...(announced === undefined ? {} : { length: announced }),
      clientAddress: plainAddress(socket.remoteAddress),
      authority: authorityOf(headers.host, socket),
      hearing: this.#hearings.get(socket) ?? new Hearing(),
      since: clock.monotonic(),
      signal: gone.signal,
    });
    const isWhole = announced === undefined ? await endsNow(request) : body.taken === announced;
    const answerLimits = { clock, idleTimeMs: limits.idleTimeMs };
    await sendAnswer({ request, response, unread: !isWhole }, answer, answerLimits);
  }

  /** The parser understood nothing, or the header took too long. An answer that is owed for an earlier request comes first. */
  #giveUp(socket: Duplex, parserCode: string | undefined): void {
    const last = this.#last.get(socket);
    // The parser says the same of everything that follows.
    if (this.#leaving.has(socket)) return;
    this.#leaving.add(socket);
    if (!socket.writable || (last !== undefined && !last.request.complete)) {
      socket.destroy();
      return;
    }
    const cancel = this.#parts.clock.after(longestFarewellMs, () => socket.destroy());
    socket.once('close', cancel);
    const farewell = (): unknown => socket.end(answerToGarbage(parserCode));
    if (last === undefined || last.response.writableFinished) farewell();
    else last.response.once('close', farewell);
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

const plainAddress = (address: Socket['remoteAddress'] = ''): string =>
  address.startsWith('::ffff:') ? address.slice(7) : address;
