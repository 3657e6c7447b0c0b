// Speaks with a node's REST API: one connection per request, every failure a CliError that says what to do.

import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Problem } from '../admin/problems.js';
import { certificateFault, wrongNode } from '../platform/certificates/faults.js';
import type { Clock } from '../platform/clock.js';
import { CliError } from './exit-codes.js';

/** How the node of an https URL proves that it is the one. */
export type Trust = Pick<RequestOptions, 'ca' | 'checkServerIdentity' | 'servername'>;

export type Query = Readonly<Record<string, string | number | undefined>>;

export interface Upload {
  readonly source: Readable;
  /** Octets, where they are known. */
  readonly length: number | undefined;
  /** Octets sent so far. */
  readonly onProgress: (sent: number) => void;
}

const answerTimeoutMs = 60_000;
/** A server that answers neither 100 Continue nor a refusal by then gets the file anyway (RFC 9110 section 10.1.1). */
const continueTimeoutMs = 2_000;
const mostAnswerBytes = 64 << 20;

const responseTo = (sent: ClientRequest): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    sent.once('response', resolve);
    sent.on('error', reject);
  });

/** The source's octets; what keeps them from being read is told before it is thrown. */
async function* watched(
  { source, onProgress }: Upload,
  onReadError: (error: unknown) => void,
): AsyncGenerator<Buffer, void, undefined> {
  let sent = 0;
  try {
    for await (const chunk of source as AsyncIterable<Buffer>) {
      yield chunk;
      sent += chunk.length;
      onProgress(sent);
    }
  } catch (error) {
    onReadError(error);
    throw error;
  }
}

export class RestClient {
  readonly #url: URL;
  readonly #token: string;
  readonly #trust: Trust;
  readonly #clock: Clock;

  constructor({ url, token, trust = {}, clock }: { url: URL; token: string; trust?: Trust; clock: Clock }) {
    this.#url = url;
    this.#trust = trust;
    this.#token = token;
    this.#clock = clock;
  }

  get<Answer>(path: string, query: Query = {}): Promise<Answer> {
    return this.ask<Answer>('GET', path, { query });
  }

  async ask<Answer>(
    method: string,
    path: string,
    { query = {}, body }: { query?: Query; body?: object } = {},
  ): Promise<Answer> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const sent = this.#open(
      method,
      path,
      query,
      text === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) },
    );
    sent.setTimeout(answerTimeoutMs, () => sent.destroy(new Error(`no answer in ${answerTimeoutMs / 1_000} s`)));
    sent.end(text);
    return this.#answer<Answer>(responseTo(sent));
  }

  /** Sends a file as it is read. The source is destroyed at the end, whatever that is. */
  async upload<Answer>(path: string, query: Query, upload: Upload): Promise<Answer> {
    const { source, length } = upload;
    const sent = this.#open('POST', path, query, {
      'content-type': 'application/octet-stream',
      expect: '100-continue',
      ...(length === undefined ? { 'transfer-encoding': 'chunked' } : { 'content-length': length }),
    });
    const response = responseTo(sent);
    try {
      const isWanted = this.#isWanted(sent, response);
      sent.flushHeaders();
      if (await isWanted) await this.#send(sent, upload);
      return await this.#answer<Answer>(response);
    } catch (error) {
      // What it was is told by now; the connection's own end is not waited for.
      response.catch(() => undefined);
      throw error;
    } finally {
      source.destroy();
    }
  }

  /** Whether the node asks for the body; false when it has answered, or the connection has ended, before that. */
  async #isWanted(sent: ClientRequest, response: Promise<IncomingMessage>): Promise<boolean> {
    const stopWaiting = new AbortController();
    try {
      return await Promise.race([
        new Promise<boolean>((resolve) => sent.once('continue', () => resolve(true))),
        response.then(
          () => false,
          () => false,
        ),
        this.#clock.sleep(continueTimeoutMs, stopWaiting.signal).then(() => true),
      ]);
    } finally {
      stopWaiting.abort();
    }
  }

  /** Ends when the body is sent, or when the connection takes no more of it: then the answer says why. */
  async #send(sent: ClientRequest, upload: Upload): Promise<void> {
    let readError: unknown;
    const source = watched(upload, (error) => {
      readError = error;
    });
    await pipeline(source, sent).catch(() => undefined);
    if (readError !== undefined)
      throw new CliError('refused', `the file cannot be read: ${(readError as Error).message}`, 'Nothing was printed.');
  }

  #open(method: string, path: string, query: Query, headers: Readonly<Record<string, string | number>>): ClientRequest {
    const url = new URL(path, this.#url);
    for (const [key, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(key, String(value));
    const request = url.protocol === 'https:' ? httpsRequest : httpRequest;
    return request(url, {
      ...this.#trust,
      method,
      agent: false,
      headers: { authorization: `Bearer ${this.#token}`, ...headers },
    });
  }

  async #answer<Answer>(coming: Promise<IncomingMessage>): Promise<Answer> {
    let status: number;
    let text = '';
    try {
      const response = await coming;
      status = response.statusCode ?? 0;
      response.setEncoding('utf8');
      for await (const chunk of response as AsyncIterable<string>) {
        text += chunk;
        if (text.length > mostAnswerBytes) throw new Error('the answer is too long');
      }
    } catch (error) {
      throw unreachable(this.#url, error);
    }
    const value = parsed(text);
    if (status >= 200 && status < 300 && (value !== undefined || text === '')) return value as Answer;
    throw refusal(status, value);
  }
}

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

const certificateAdvice = (code: string | undefined): string | undefined => {
  if (code === 'ECONNRESET') return 'Look at the log of platend; with cluster.tls the URL begins with https://.';
  if (code === wrongNode) return 'The configuration names another node than the one that answers.';
  if (certificateFault(code) === undefined) return undefined;
  return "Give the certificate of the cluster's authority with --ca, and an address that the node's certificate has.";
};

const unreachable = (url: URL, error: unknown): CliError => {
  const { code, message } = error as NodeJS.ErrnoException;
  const advice =
    code === 'ECONNREFUSED'
      ? 'Is platend running there? Name another node with --url, or start it.'
      : (certificateAdvice(code) ?? 'Look at the log of platend; name another node with --url.');
  return new CliError(
    'unreachable',
    `${url.origin} does not answer: ${message || code || 'the connection ended'}`,
    advice,
  );
};

const refusal = (status: number, value: unknown): CliError => {
  const { message, code, retriable } = (value ?? {}) as Partial<Problem>;
  if (typeof message !== 'string')
    return new CliError('refused', `the node answered with HTTP status ${status}`, 'Does --url name a platend?');
  if (status === 401 || status === 403)
    return new CliError(
      'not-authorized',
      `${message} (${code})`,
      "Give the token file of that node's state directory with --state or --token-file.",
      code,
    );
  const exit = status === 404 ? 'not-found' : 'refused';
  return new CliError(
    exit,
    `${message} (${code})`,
    retriable === true ? 'Trying again later may help.' : undefined,
    code,
  );
};
