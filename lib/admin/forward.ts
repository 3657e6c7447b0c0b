// One request passed on to another node: octets go through both ways as they come, and whichever side ends, ends the other.

import type { ClientRequest, IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { PlatenError } from '../errors.js';
import type { NodeWays } from '../platform/node-ways.js';
import { forwardHeaders } from './policy.js';

export interface Forwarding {
  readonly group: string;
  readonly me: string;
  readonly owner: { readonly node: string; readonly rest: string };
  readonly ways: NodeWays;
  readonly secret: string;
  readonly idleTimeMs: number;
}

const passedOn = ['accept', 'content-type', 'content-length', 'transfer-encoding', 'expect', 'user-agent'];
/** Of one connection only (RFC 9110 section 7.6.1). */
const ofConnection = new Set(['connection', 'keep-alive', 'transfer-encoding', 'upgrade', 'trailer']);

const requestHeaders = (request: FastifyRequest, { me, secret }: Forwarding): OutgoingHttpHeaders => ({
  ...Object.fromEntries(
    passedOn.flatMap((name) => (request.headers[name] === undefined ? [] : [[name, request.headers[name]]])),
  ),
  authorization: `Bearer ${secret}`,
  [forwardHeaders.node]: me,
  [forwardHeaders.client]: request.clientAddress,
});

const hasBody = ({ headers }: FastifyRequest): boolean =>
  headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;

const open = (request: FastifyRequest, forwarding: Forwarding): ClientRequest => {
  const { idleTimeMs, owner, ways } = forwarding;
  const sent = ways.to(owner.node).open(owner.rest, {
    method: request.method,
    path: request.raw.url,
    headers: requestHeaders(request, forwarding),
  });
  sent.setTimeout(idleTimeMs, () => sent.destroy(new Error(`nothing moved for ${idleTimeMs} ms`)));
  return sent;
};

/** What may be said of a request whose owner went away. */
const failure = (
  request: FastifyRequest,
  { group, owner: { node } }: Forwarding,
  { cause, wasSent }: { cause: unknown; wasSent: boolean },
): PlatenError => {
  const { code, message } = cause as NodeJS.ErrnoException;
  const what = `${node} owns ${group}, but it does not answer (${code ?? message})`;
  if (!wasSent || request.method === 'GET') return new PlatenError('not-owner', what, { cause });
  if (hasBody(request) && !request.raw.complete)
    return new PlatenError('not-owner', `${what}; the request had not arrived whole: it did nothing`, { cause });
  return new PlatenError('store-outcome-unknown', `${what}; it is not known whether the request was carried out`, {
    cause,
  });
};

const answered = (sent: ClientRequest): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    sent.once('response', resolve);
    sent.on('error', reject);
  });

const answerHeaders = ({ headers }: IncomingMessage, request: FastifyRequest): OutgoingHttpHeaders => ({
  ...Object.fromEntries(Object.entries(headers).filter(([name]) => !ofConnection.has(name))),
  // The rest of a body that nobody reads is not waited for.
  ...(hasBody(request) && !request.raw.complete ? { connection: 'close' } : {}),
});

/** Resolves when the answer is through. Throws `not-owner` or `store-outcome-unknown` as long as nothing was answered. */
export const forward = async (request: FastifyRequest, reply: FastifyReply, forwarding: Forwarding): Promise<void> => {
  const sent = open(request, forwarding);
  let wasSent = false;
  const stands = forwarding.ways.scheme === 'https' ? 'secureConnect' : 'connect';
  sent.once('socket', (socket) => socket.once(stands, () => (wasSent = true)));
  sent.on('continue', () => reply.raw.writeContinue());
  const onGone = (): void => void sent.destroy(new Error('the client went away'));
  reply.raw.once('close', onGone);
  const response = answered(sent);
  if (hasBody(request)) {
    sent.flushHeaders();
    request.raw.pipe(sent);
  } else sent.end();
  let answer: IncomingMessage;
  try {
    answer = await response;
  } catch (cause) {
    throw failure(request, forwarding, { cause, wasSent });
  } finally {
    request.raw.unpipe(sent);
  }
  reply.hijack();
  reply.raw.writeHead(answer.statusCode ?? 502, answerHeaders(answer, request));
  // A side that went away takes the other with it: nothing is left to be told to anybody.
  await pipeline(answer, reply.raw).catch(() => undefined);
  reply.raw.off('close', onGone);
  sent.destroy();
};
