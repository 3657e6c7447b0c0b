// Where other nodes bring, fetch and check documents, on the node's own address. Who does not know the secret, or is not the node that it says
// it is, learns nothing, and nothing that anybody sends ends the process (R61).

import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PlatenError } from '../../errors.js';
import type { Clock } from '../../platform/clock.js';
import type { Log } from '../../platform/log.js';
import type { NodeWays } from '../../platform/node-ways.js';
import { tokenCheck } from '../../platform/token.js';
import type { Spool } from '../spool.js';
import type { UnheardLedger } from '../unheard-ledger.js';
import { EpochGate } from './epoch-gate.js';
import { PeerRequests } from './peer-requests.js';
import { ownVersion, versionFault, versionHeader } from './peer-version.js';
import { askerHeader, type NeedQuestion, parseRequest, type PeerRequest } from './routes.js';

export interface PeerServerParts {
  readonly spool: Spool;
  readonly ways: NodeWays;
  /** What the nodes of the cluster share. */
  readonly secret: string;
  readonly clock: Clock;
  readonly log: Log;
  /** What is known of the clients whose documents came here. */
  readonly unheard: UnheardLedger;
  /** Told of a node whose version of this protocol is not spoken here; what it asks is refused. */
  readonly onOtherVersion: (because: string) => void;
  /** The group's epoch by a linearizable read; undefined when it was never owned. */
  readonly epochOf: (group: string) => Promise<number | undefined>;
  /** Asked when this node is the owner at the epoch of the question; undefined when it is not. */
  readonly isNeeded: (question: NeedQuestion) => Promise<boolean | undefined>;
}

const scheme = 'Bearer ';
const headersTimeMs = 10_000;
/** An upload's client may be slow: the connection that brings its copy here waits longer than that client may. */
const idleMs = 300_000;
const mostHeaderBytes = 8 << 10;
const mostConnections = 1_000;

export class PeerServer {
  readonly #server: Server;
  readonly #requests: PeerRequests;
  readonly #isSecret: (given: string) => boolean;
  readonly #ways: NodeWays;
  readonly #log: Log;
  readonly #onOtherVersion: PeerServerParts['onOtherVersion'];

  constructor(parts: PeerServerParts) {
    this.#ways = parts.ways;
    this.#log = parts.log;
    this.#onOtherVersion = parts.onOtherVersion;
    this.#isSecret = tokenCheck(parts.secret);
    this.#requests = new PeerRequests({ ...parts, gate: new EpochGate(parts.epochOf) });
    const options = {
      maxHeaderSize: mostHeaderBytes,
      headersTimeout: headersTimeMs,
      requestTimeout: 0,
      keepAliveTimeout: idleMs,
      connectionsCheckingInterval: 5_000,
      noDelay: true,
    };
    this.#server = parts.ways.createServer(options, 'refused');
    this.#server.maxConnections = mostConnections;
    this.#server.timeout = idleMs;
    this.#server.on('request', (request, response) => void this.#handle(request, response));
    this.#server.on('upgrade', (_request, socket) => socket.destroy());
    this.#server.on('connect', (_request, socket) => socket.destroy());
    this.#server.on('clientError', (_error, socket) => socket.destroy());
  }

  /** Returns the port. */
  listen({ host, port }: { host: string; port: number }): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ host, port }, () => {
        this.#server.off('error', reject);
        this.#server.on('error', (error) => this.#log.warn({ err: error }, 'the server for other nodes had an error'));
        resolve((this.#server.address() as AddressInfo).port);
      });
    });
  }

  /** Requests under way are cut off: what they bring is of no use to their sender any more. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // The other node may vanish at any time.
    request.on('error', () => undefined);
    response.on('error', () => undefined);
    response.setHeader(versionHeader, ownVersion);
    try {
      const { authorization = '' } = request.headers;
      if (!authorization.startsWith(scheme) || !this.#isSecret(authorization.slice(scheme.length)))
        return refuse(response, 401, 'the secret is missing or wrong');
      const fault = versionFault(request.headers[versionHeader]);
      if (fault !== undefined) {
        this.#onOtherVersion(`${request.socket.remoteAddress}: ${fault}`);
        return refuse(response, 505, fault);
      }
      const asked = parseRequest(request.method ?? '', request.url ?? '');
      if (asked === undefined) return refuse(response, 404, 'there is nothing of that name');
      const asker = String(request.headers[askerHeader] ?? '');
      if (!this.#ways.isFrom(request.socket, asker) || !asksForItself(asked, asker))
        return refuse(response, 403, 'the request is not of the node that it says it is');
      await this.#requests.answer(asked, request, response);
    } catch (error) {
      this.#fail(request, response, error);
    }
  }

  #fail(request: IncomingMessage, response: ServerResponse, error: unknown): void {
    const { method, url } = request;
    const isExpected = error instanceof RangeError || (error instanceof PlatenError && error.code !== 'spool-failed');
    // An upload that broke off at its client breaks off here, too.
    if (!isExpected && !request.destroyed)
      this.#log.error({ err: error, method, url }, 'a request of another node failed');
    if (response.headersSent) response.destroy();
    else if (error instanceof RangeError) refuse(response, 400, 'no name of a document');
    else if (!(error instanceof PlatenError)) refuse(response, 500, 'internal error');
    else refuse(response, statusOf(error), error.message);
  }
}

/** A node of an earlier version, in plain text, does not say its name. */
const asksForItself = (asked: PeerRequest, asker: string): boolean =>
  asker === '' || asked.do !== 'is-needed' || asked.question.node === asker;

const statusOf = ({ code, kind }: PlatenError): number =>
  code === 'not-owner' ? 409 : code === 'document-damaged' ? 410 : kind.http;

/** The body that may follow is not read. */
const refuse = (response: ServerResponse, status: number, because: string): void => {
  response.writeHead(status, { connection: 'close', 'content-type': 'application/json' });
  response.end(JSON.stringify({ error: because }));
};
