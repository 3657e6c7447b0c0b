// One etcd member's JSON gateway over kept connections. A try has a time limit and ends with a value that tells whether etcd may have seen it.

import type { ClientRequest, IncomingMessage } from 'node:http';
import http from 'node:http';
import https from 'node:https';
import type { SecureContext } from 'node:tls';
import type { Clock } from '../../platform/clock.js';
import type { Refusal } from './refusals.js';
import type { Fields } from './wire.js';
import { fieldsOf, numberOf, textOf } from './wire.js';

export type TryOutcome =
  | { readonly kind: 'answer'; readonly answer: Fields }
  | { readonly kind: 'refusal'; readonly refusal: Refusal }
  /** No octet of it left: it was certainly not done. */
  | { readonly kind: 'unsent'; readonly cause: Error }
  /** It was sent, and no answer came. */
  | { readonly kind: 'lost'; readonly cause: Error };

/** Kept connections, whose certificates may change from one request to the next. */
export interface TlsConnections {
  /** For one request, made at once. */
  readonly options: { readonly agent: https.Agent; readonly secureContext: SecureContext };
  close(): void;
}

export interface GatewayOptions {
  readonly endpoint: URL;
  /** Connections to an https endpoint; absent: those of Node.js. */
  readonly tls?: TlsConnections | undefined;
  readonly clock: Clock;
}

/** Has etcd refuse at once, and end watches, when the member knows no leader: header `hasleader` of its own clients. */
const requireLeader = { 'grpc-metadata-hasleader': 'true' };
const keepAliveMs = 1_000;

const errorOf = (cause: unknown): Error => (cause instanceof Error ? cause : new Error(String(cause)));

const parse = (text: string): Fields | undefined => {
  try {
    return fieldsOf(JSON.parse(text));
  } catch {
    return undefined;
  }
};

/** Reads `{"error": "...", "code": 14}` of a call and `{"error": {"message": "...", "grpc_code": 14}}` of a stream. */
const refusalOf = (status: number | undefined, body: Fields | undefined): Refusal => {
  const error = body?.['error'];
  if (typeof error === 'string') return { code: numberOf(body?.['code']), message: error };
  const { message, grpc_code: code } = fieldsOf(error);
  if (message !== undefined) return { code: numberOf(code), message: textOf(message) };
  return { code: undefined, message: `HTTP status ${status ?? 0}, not from etcd's JSON gateway` };
};

const bodyOf = async (response: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
};

/** Lines as they come. */
async function* linesOf(response: IncomingMessage): AsyncGenerator<string> {
  let pending: Buffer[] = [];
  for await (const each of response) {
    let chunk = each as Buffer;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10)) {
      pending.push(chunk.subarray(0, end));
      yield Buffer.concat(pending).toString('utf8');
      pending = [];
      chunk = chunk.subarray(end + 1);
    }
    pending.push(chunk);
  }
}

export class Gateway {
  readonly name: string;
  readonly #endpoint: URL;
  readonly #clock: Clock;
  readonly #connections: { readonly options: https.RequestOptions; close(): void };
  readonly #request: typeof http.request;

  constructor({ endpoint, tls, clock }: GatewayOptions) {
    this.name = endpoint.host;
    this.#endpoint = endpoint;
    this.#clock = clock;
    const secure = endpoint.protocol === 'https:';
    const kept = { keepAlive: true, keepAliveMsecs: keepAliveMs };
    this.#connections =
      (secure ? tls : undefined) ?? connectionsOf(secure ? new https.Agent(kept) : new http.Agent(kept));
    this.#request = secure ? https.request : http.request;
  }

  /** One call; never rejects. */
  async post(path: string, body: Fields, timeoutMs: number): Promise<TryOutcome> {
    const sent = { yes: false };
    const request = this.#send(path, body, sent);
    const late = this.#expire(request, timeoutMs);
    try {
      const response = await responseTo(request);
      const text = await bodyOf(response);
      const answer = parse(text);
      if (response.statusCode === 200 && answer !== undefined) return { kind: 'answer', answer };
      return { kind: 'refusal', refusal: refusalOf(response.statusCode, answer) };
    } catch (error) {
      const cause = new Error(`${this.name}: ${errorOf(error).message}`, { cause: error });
      return { kind: sent.yes ? 'lost' : 'unsent', cause };
    } finally {
      late();
    }
  }

  /** What a streaming call sends back. `timeoutMs` bounds the wait for the first word; throws when the stream breaks, and when `signal` aborts. */
  async *stream(
    path: string,
    body: Fields,
    { timeoutMs, signal }: { timeoutMs: number; signal: AbortSignal },
  ): AsyncGenerator<Fields> {
    const request = this.#send(path, body, { yes: false });
    const abort = (): void => {
      request.destroy(errorOf(signal.reason));
    };
    signal.addEventListener('abort', abort, { once: true });
    const late = this.#expire(request, timeoutMs);
    try {
      const response = await responseTo(request);
      late();
      for await (const line of linesOf(response)) {
        const message = parse(line);
        const result = message?.['result'];
        if (result === undefined) throw new Error(refusalOf(response.statusCode, message).message);
        yield fieldsOf(result);
      }
      throw new Error('the stream has ended');
    } catch (error) {
      throw new Error(`${this.name}: ${errorOf(error).message}`, { cause: error });
    } finally {
      late();
      signal.removeEventListener('abort', abort);
      request.destroy();
    }
  }

  close(): void {
    this.#connections.close();
  }

  #expire(request: ClientRequest, timeoutMs: number): () => void {
    return this.#clock.after(timeoutMs, () => {
      request.destroy(new Error(`no answer within ${Math.round(timeoutMs)} ms`));
    });
  }

  #send(path: string, body: Fields, sent: { yes: boolean }): ClientRequest {
    const octets = Buffer.from(JSON.stringify(body), 'utf8');
    const { protocol, hostname, port } = this.#endpoint;
    const request = this.#request({
      ...this.#connections.options,
      protocol,
      hostname: hostname.replace(/^\[(.*)\]$/, '$1'),
      port: port === '' ? undefined : port,
      method: 'POST',
      path,
      headers: { ...requireLeader, 'content-type': 'application/json', 'content-length': octets.length },
    });
    request.once('socket', (socket) => {
      const mark = (): void => {
        sent.yes = true;
      };
      if (request.reusedSocket) mark();
      else socket.once(protocol === 'https:' ? 'secureConnect' : 'connect', mark);
    });
    request.end(octets);
    return request;
  }
}

const connectionsOf = (agent: http.Agent) => ({ options: { agent }, close: () => agent.destroy() });

const responseTo = (request: ClientRequest): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    request.on('error', reject);
    request.once('response', resolve);
  });
