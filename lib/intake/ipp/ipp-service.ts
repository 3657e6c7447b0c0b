// From a request's octets to an answer's octets: reads the attributes, checks them in the order of RFC 8011 section 4.1,
// finds the target, asks for permission, runs the operation, and turns every error into a status.

import { PlatenError, ProtocolError } from '../../errors.js';
import type { Clock } from '../../platform/clock.js';
import type { Log } from '../../platform/log.js';
import { groupTags } from '../../protocols/ipp/tags.js';
import { findGroup, stringOf } from '../../protocols/ipp/lookup.js';
import { MessageReader } from '../../protocols/ipp/message-reader.js';
import type { IppLimits } from '../../protocols/ipp/limits.js';
import { checkRequest, checkVersion } from '../../protocols/ipp/request-rules.js';
import { type StatusName, statusCodes } from '../../protocols/ipp/status-codes.js';
import type { IppHeader, IppMessage } from '../../protocols/ipp/values.js';
import type { Sender } from '../../queue/uploads.js';
import type { VirtualServer } from '../../queue/virtual-server.js';
import { onlineSpooler } from '../online-spooler.js';
import { authorize } from './authorize.js';
import { encodeAnswer } from './encode-answer.js';
import type { AnswerOctets } from './http-answer.js';
import { NotSupported } from './job-ticket.js';
import type { IppContext, Operation } from './operation.js';
import { operations } from './operations/index.js';
import { PrinterAttributes } from './printer-attributes.js';
import type { IppAnswer, IppRequest } from './request.js';
import { jobOf, printerOf, printerOrServer } from './targets.js';

export interface IppServiceParts {
  readonly server: VirtualServer;
  readonly limits: Partial<IppLimits>;
  readonly decompression: IppContext['decompression'];
  readonly maxDocumentsPerJob: number;
  readonly multipleOperationTimeoutMs: number;
  /** True for addresses whose clients may do what operators may. */
  readonly isOperatorAddress: (address: string) => boolean;
  readonly clock: Clock;
  readonly log: Log;
}

export interface IncomingIpp extends Sender {
  readonly body: AsyncIterable<Uint8Array>;
  /** Octets of `body`, where they are known. */
  readonly length?: number;
  readonly clientAddress: string;
  readonly authority: string;
  readonly signal: AbortSignal;
}

const operationsById: ReadonlyMap<number, Operation> = new Map(
  operations.map((operation) => [operation.id, operation]),
);
const noHeader: IppHeader = { version: { major: 2, minor: 0 }, code: 0, requestId: 1 };

export class IppService {
  readonly #parts: IppServiceParts;
  readonly #printerAttributes: PrinterAttributes;

  constructor(parts: IppServiceParts) {
    this.#parts = parts;
    this.#printerAttributes = new PrinterAttributes({
      operations: [...operationsById.keys()].sort((a, b) => a - b),
      multipleOperationTimeoutMs: parts.multipleOperationTimeoutMs,
    });
  }

  /** Throws only when the connection is of no more use: the client is gone or too slow. */
  async answer(incoming: IncomingIpp): Promise<AnswerOctets> {
    const reader = new MessageReader(this.#parts.limits);
    const iterator = incoming.body[Symbol.asyncIterator]();
    let answer: IppAnswer;
    try {
      answer = await this.#answer(reader, iterator, incoming);
    } catch (error) {
      answer = this.#refusal(error, incoming, reader.header);
    } finally {
      await iterator.return?.();
    }
    return encodeAnswer(answer, reader.header ?? noHeader);
  }

  async #answer(reader: MessageReader, iterator: AsyncIterator<Uint8Array>, incoming: IncomingIpp): Promise<IppAnswer> {
    let read = 0;
    for (;;) {
      const next = await iterator.next();
      if (next.done === true) throw new ProtocolError('client-error-bad-request', 'the request ends in its attributes');
      read += next.value.length;
      const result = reader.push(next.value);
      const version = reader.header === undefined ? undefined : checkVersion(reader.header.version);
      if (version !== undefined) return { status: version.status, message: version.detail };
      if (!result.done) continue;
      const taken = read - result.rest.length;
      return this.#run(result.message, {
        document: documentOf(result.rest, iterator),
        ...(incoming.length === undefined ? {} : { documentBytes: Math.max(0, incoming.length - taken) }),
        ...incoming,
      });
    }
  }

  async #run(
    message: IppMessage,
    incoming: IncomingIpp & Pick<IppRequest, 'document' | 'documentBytes'>,
  ): Promise<IppAnswer> {
    const operation = operationsById.get(message.code);
    if (operation === undefined)
      return { status: 'server-error-operation-not-supported', message: 'the operation is not supported' };
    const checked = checkRequest(message);
    if (!checked.ok) return { status: checked.status, message: checked.detail };
    const { documentBytes } = incoming;
    const request: IppRequest = {
      operationId: checked.operationId,
      version: checked.version,
      requestId: checked.requestId,
      operation: checked.operation,
      job: findGroup(message, groupTags.job),
      user: stringOf(checked.operation, 'requesting-user-name') || 'anonymous',
      naturalLanguage: checked.naturalLanguage,
      clientAddress: incoming.clientAddress,
      authority: incoming.authority,
      document: incoming.document,
      ...(documentBytes === undefined ? {} : { documentBytes }),
      sender: { hearing: incoming.hearing, since: incoming.since },
      signal: incoming.signal,
    };
    return this.#perform(operation, request);
  }

  async #perform(operation: Operation, request: IppRequest): Promise<IppAnswer> {
    const { server, decompression, maxDocumentsPerJob, isOperatorAddress, clock } = this.#parts;
    const isOver = (): boolean => request.signal.aborted;
    const spooler = await onlineSpooler(server, { withinMs: longestHoldMs, clock, isOver });
    const context: IppContext = {
      spooler,
      printerAttributes: this.#printerAttributes,
      decompression,
      maxDocumentsPerJob,
      isOperator: ({ clientAddress }) => isOperatorAddress(clientAddress),
      now: () => clock.wall(),
    };
    switch (operation.target) {
      case 'printer': {
        const printer = printerOf(request, spooler);
        authorize(operation.policy, request, { context });
        return operation.run(request, context, printer);
      }
      case 'printer-or-server': {
        const printer = printerOrServer(request, spooler);
        authorize(operation.policy, request, { context });
        return operation.run(request, context, printer);
      }
      case 'job': {
        const job = await jobOf(request, spooler);
        authorize(operation.policy, request, { context, job });
        return operation.run(request, context, job);
      }
      case 'server':
        authorize(operation.policy, request, { context });
        return operation.run(request, context);
      default:
        return operation satisfies never;
    }
  }

  #refusal(error: unknown, { signal, clientAddress }: IncomingIpp, header: IppHeader | undefined): IppAnswer {
    if (signal.aborted) throw error;
    // Of another version, even the octets after the header may mean something else (RFC 8011 section 4.1.8).
    const version = header === undefined ? undefined : checkVersion(header.version);
    if (version !== undefined) return { status: version.status, message: version.detail };
    if (error instanceof NotSupported)
      return { status: statusOf(error.hint), message: error.message, unsupported: error.attributes };
    if (error instanceof ProtocolError) return { status: statusOf(error.hint), message: error.message };
    if (error instanceof PlatenError) {
      if (error.code === 'document-incomplete') throw error;
      return { status: statusOf(error.kind.ipp), message: error.message };
    }
    this.#parts.log.error({ err: error, operation: header?.code, clientAddress }, 'an IPP request failed');
    return { status: 'server-error-internal-error', message: 'internal error' };
  }
}

/** While the print spooler is loading; then the answer is `server-error-busy`. */
const longestHoldMs = 2_000;

const statusOf = (hint: string): StatusName =>
  Object.hasOwn(statusCodes, hint) ? (hint as StatusName) : 'server-error-internal-error';

async function* documentOf(rest: Uint8Array, iterator: AsyncIterator<Uint8Array>): AsyncIterable<Uint8Array> {
  if (rest.length > 0) yield rest;
  yield* { [Symbol.asyncIterator]: () => iterator };
}
