// Errors as answers: application/problem+json (RFC 9457) with the code of lib/errors.ts.

import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { type ErrorCode, errorKinds, PlatenError } from '../errors.js';
import type { Log } from '../platform/log.js';

export const problem = z.object({
  status: z.int(),
  code: z.string().describe('One of the error codes in the documentation'),
  message: z.string().describe('One sentence for people'),
  retriable: z.boolean().describe('Trying again later may help'),
});
export type Problem = z.output<typeof problem>;

/** What every route may answer beside its own. */
export const problemResponses = { '4xx': problem, '5xx': problem } as const;

const problemOf = (
  code: ErrorCode,
  message: string = errorKinds[code].meaning,
  status: number = errorKinds[code].http,
): Problem => ({
  status,
  code,
  message,
  retriable: errorKinds[code].retriable,
});

/** The codes of errors that fastify found in the request itself; others are a plain bad-request. */
const codeOfStatus: Readonly<Record<number, ErrorCode>> = {
  404: 'not-found',
  413: 'document-too-large',
  415: 'media-type-refused',
};

const problemOfError = (error: Partial<FastifyError>): Problem => {
  if (error instanceof PlatenError) return problemOf(error.code, error.message);
  const { statusCode = 500, message } = error;
  if (statusCode < 400 || statusCode >= 500) return problemOf('internal-error');
  return problemOf(codeOfStatus[statusCode] ?? 'bad-request', message, statusCode);
};

/** Answers with the problem; the rest of a body that nobody reads is not waited for. */
export const answerProblem = (
  error: Partial<FastifyError>,
  request: FastifyRequest,
  reply: FastifyReply,
  log: Log,
): void => {
  const answer = problemOfError(error);
  if (answer.code === 'internal-error') log.error({ err: error, route: request.routeOptions.url }, 'a request failed');
  if (answer.status === 401) void reply.header('www-authenticate', 'Bearer');
  const hasBody = request.headers['content-length'] !== undefined || request.headers['transfer-encoding'] !== undefined;
  if (answer.status === 401 || (hasBody && !request.raw.complete)) void reply.header('connection', 'close');
  void reply.status(answer.status).type('application/problem+json').serializer(JSON.stringify).send(answer);
};
