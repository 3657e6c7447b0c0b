// Writes answers so that clients get to read them, and lets no client hold a connection by not reading (R59).

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../../platform/clock.js';

/** An answer's octets: whole, or its start and what is made piece by piece. */
export interface AnswerOctets {
  readonly start: Uint8Array;
  readonly more?: AsyncIterable<Uint8Array>;
}

export interface AnswerLimits {
  readonly clock: Clock;
  /** Longest wait for a client that reads nothing. */
  readonly idleTimeMs: number;
}

/** What is read of a body that nobody wants any more, so that the client gets to read the answer. */
const mostDiscardedBytes = 64 << 20;
const longestDiscardMs = 10_000;

/** `unread`: the client is still sending what nobody wants. */
export const sendAnswer = async (
  { request, response, unread }: { request: IncomingMessage; response: ServerResponse; unread: boolean },
  { start, more }: AnswerOctets,
  limits: AnswerLimits,
): Promise<void> => {
  response.writeHead(200, {
    'content-type': 'application/ipp',
    'cache-control': 'no-cache',
    ...(more === undefined ? { 'content-length': start.length } : {}),
    ...(unread ? { connection: 'close' } : {}),
  });
  if (more === undefined && !unread) {
    response.end(start);
  } else {
    response.write(start);
    for await (const piece of more ?? []) {
      if (response.destroyed) return;
      if (!response.write(piece)) await drained(response, limits);
    }
    if (unread) await discard(request, limits.clock);
    response.end();
  }
  watchEnd(response, limits);
};

/** Reads on for a while: closing a connection with unread data would reset it, and the client would not see the answer. */
export const discard = async (request: IncomingMessage, clock: Clock): Promise<void> => {
  if (request.readableEnded || request.destroyed) return;
  const cancel = clock.after(longestDiscardMs, () => request.socket.destroy());
  let left = mostDiscardedBytes;
  await new Promise<void>((resolve) => {
    request.on('data', (chunk: Uint8Array) => {
      left -= chunk.length;
      if (left < 0) resolve();
    });
    request.once('end', resolve);
    request.once('close', resolve);
    // The client has gone: nothing is owed to it.
    request.once('error', () => resolve());
    request.resume();
  });
  cancel();
};

/** Destroys a connection whose client does not take the rest of an answer. */
export const watchEnd = (response: ServerResponse, { clock, idleTimeMs }: AnswerLimits): void => {
  if (response.writableFinished || response.destroyed) return;
  const cancel = clock.after(idleTimeMs, () => response.destroy());
  response.once('close', cancel);
};

const drained = (response: ServerResponse, { clock, idleTimeMs }: AnswerLimits): Promise<void> =>
  new Promise((resolve) => {
    const cancel = clock.after(idleTimeMs, () => response.destroy());
    response.once('drain', done);
    response.once('close', done);
    function done(): void {
      cancel();
      response.off('drain', done);
      response.off('close', done);
      resolve();
    }
  });
