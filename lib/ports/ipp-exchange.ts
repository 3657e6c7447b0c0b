// One HTTP request with an IPP message and its answer (RFC 8010 section 4), over a connection that stands. The printer is
// not trusted: the answer is limited in size and time, and no redirect is followed (R44, R67).

import { type Agent, type ClientRequest, type IncomingMessage, request } from 'node:http';
import { PlatenError, ProtocolError } from '../errors.js';
import { answerLimits } from '../protocols/ipp/limits.js';
import { MessageReader } from '../protocols/ipp/message-reader.js';
import { isSuccessful } from '../protocols/ipp/status-codes.js';
import type { IppMessage } from '../protocols/ipp/values.js';
import type { Clock } from '../platform/clock.js';
import { describeFailure } from './connect.js';

export type Exchange =
  | { readonly got: 'answer'; readonly message: IppMessage }
  | { readonly got: 'http-status'; readonly status: number }
  /** An answer that cannot be understood; `reason` is the rest of a sentence about the printer. */
  | { readonly got: 'garbage'; readonly reason: string }
  | { readonly got: 'nothing'; readonly reason: string };

/** Document data behind the message. */
export interface ExchangeBody {
  /** Octets. */
  readonly length: number;
  open(): AsyncIterable<Uint8Array>;
  /** Asked before each chunk; false: nothing more is sent, and the connection is reset. */
  mayContinue(): boolean;
  /** So many octets more were taken by the kernel. */
  taken(octets: number): void;
}

export interface ExchangeRequest {
  readonly agent: Agent;
  /** Of the HTTP `Host` field. */
  readonly authority: string;
  readonly path: string;
  /** The encoded IPP message. */
  readonly head: Uint8Array;
  readonly body?: ExchangeBody;
  readonly clock: Clock;
  /** Throws the connection away, and what the kernel has not sent yet. */
  readonly reset: () => void;
}

/** For a whole answer, from the request on; where a document is sent, from the answer's first line on (R42). */
const answerMs = 30_000;
/** Octets of an answer behind its message that are passed over. */
const trailingOctets = 65_536;

const readAnswer = async (response: IncomingMessage): Promise<Exchange> => {
  const status = response.statusCode ?? 0;
  if (status !== 200) return { got: 'http-status', status };
  const reader = new MessageReader(answerLimits);
  let message: IppMessage | undefined;
  let trailing = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      if (message === undefined) {
        const read = reader.push(chunk);
        if (read.done) message = read.message;
      } else trailing += chunk.length;
      if (trailing > trailingOctets) return { got: 'garbage', reason: 'says more than an answer' };
    }
  } catch (error) {
    if (error instanceof ProtocolError) return { got: 'garbage', reason: `answers what is no IPP: ${error.message}` };
    if (message === undefined) return { got: 'nothing', reason: 'broke off its answer' };
  }
  if (message === undefined) return { got: 'garbage', reason: 'cut its answer short' };
  return { got: 'answer', message };
};

/** What has become of a request so far, for one waiter at a time. */
class Pending {
  result: Exchange | undefined;
  /** Nothing more can be sent. */
  broken = false;
  answering = false;
  #wake = (): void => {};

  settle(result: Exchange): void {
    this.result ??= result;
    this.#wake();
  }

  lose(reason: string): void {
    this.broken = true;
    // An answer that has begun is read to its end, whatever became of the request.
    if (!this.answering) this.settle({ got: 'nothing', reason });
    this.#wake();
  }

  /** The printer said no, or is gone. A printer that says yes before it has everything still gets the rest. */
  get over(): boolean {
    const { result } = this;
    return this.broken || (result !== undefined && !(result.got === 'answer' && isSuccessful(result.message.code)));
  }

  /** The promise's value, or undefined as soon as the request is over. */
  unlessOver<T>(promise: Promise<T>): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      promise.then(resolve, reject);
      this.#wake = () => {
        if (this.over) resolve(undefined);
      };
      this.#wake();
    });
  }

  answer(): Promise<Exchange> {
    return new Promise((resolve) => {
      this.#wake = () => {
        if (this.result !== undefined) resolve(this.result);
      };
      this.#wake();
    });
  }
}

const writeChunk = (outgoing: ClientRequest, chunk: Uint8Array): Promise<void> =>
  new Promise((resolve) => outgoing.write(chunk, () => resolve()));

/** Sends the whole document, or stops where the request is over. Throws what the source throws. */
const sendBody = async (
  outgoing: ClientRequest,
  pending: Pending,
  { body, reset }: { readonly body: ExchangeBody; readonly reset: () => void },
): Promise<void> => {
  const source = body.open()[Symbol.asyncIterator]();
  let ended = false;
  let sent = 0;
  try {
    for (;;) {
      const next = await pending.unlessOver(source.next());
      if (next === undefined) return;
      ended = next.done === true;
      if (next.done) break;
      const chunk = next.value;
      if (chunk.length === 0) continue;
      sent += chunk.length;
      if (sent > body.length) break;
      if (!body.mayContinue()) reset();
      if (pending.over) return;
      await pending.unlessOver(writeChunk(outgoing, chunk));
      if (pending.over) return;
      body.taken(chunk.length);
    }
  } finally {
    // Not awaited: a source that hangs must not hold the attempt.
    if (!ended) source.return?.().catch(() => {});
  }
  if (sent !== body.length) throw new PlatenError('document-damaged', 'a document is not as long as was announced');
  outgoing.end();
};

/** Sends and reads. The connection can be used again only where `reset` was not called. */
export const exchange = async ({
  agent,
  authority,
  path,
  head,
  body,
  clock,
  reset,
}: ExchangeRequest): Promise<Exchange> => {
  const pending = new Pending();
  const outgoing = request({
    agent,
    method: 'POST',
    path,
    setHost: false,
    headers: {
      Host: authority,
      'Content-Type': 'application/ipp',
      'Content-Length': head.length + (body?.length ?? 0),
    },
  });
  const expire = (): void => {
    pending.settle({ got: 'nothing', reason: `does not answer within ${answerMs / 1000} seconds` });
    reset();
  };
  let cancelTimer = body === undefined ? clock.after(answerMs, expire) : undefined;
  outgoing.on('response', (response) => {
    cancelTimer ??= clock.after(answerMs, expire);
    pending.answering = true;
    void readAnswer(response).then((result) => pending.settle(result));
  });
  outgoing.on('error', (error) => pending.lose(describeFailure(error)));
  outgoing.on('close', () => pending.lose('closed the connection without an answer'));
  try {
    if (body === undefined) outgoing.end(head);
    else {
      outgoing.write(head);
      await sendBody(outgoing, pending, { body, reset });
    }
    const result = await pending.answer();
    if (result.got !== 'answer' || !outgoing.writableEnded) reset();
    const isHalfSent = !outgoing.writableEnded && result.got === 'answer' && isSuccessful(result.message.code);
    return isHalfSent ? { got: 'nothing', reason: 'closed the connection before it had everything' } : result;
  } catch (error) {
    // A document that was not sent to its end must not look like a whole one.
    reset();
    throw error;
  } finally {
    cancelTimer?.();
  }
};
