// One request to another node, given up when there is no progress for too long. Whatever goes wrong is `peer-failed`.

import type { ClientRequest, IncomingMessage } from 'node:http';
import { PlatenError } from '../../errors.js';
import type { Clock } from '../../platform/clock.js';
import type { NodeWay } from '../../platform/node-ways.js';
import { ownVersion, versionFault, versionHeader } from './peer-version.js';
import { askerHeader } from './routes.js';

export interface CallTarget {
  /** `scheme://host:port`. */
  readonly address: string;
  readonly way: NodeWay;
  /** The node that asks. */
  readonly me: string;
  readonly secret: string;
  readonly clock: Clock;
  readonly timeoutMs: number;
}

export interface Question {
  readonly method: string;
  readonly path: string;
  readonly body?: Uint8Array;
  /** Breaks it off. */
  readonly signal?: AbortSignal;
}

export interface Answer {
  readonly status: number;
  readonly text: string;
}

const mostAnswerBytes = 1 << 20;

export const failed = (because: string, cause?: unknown): PlatenError =>
  new PlatenError('peer-failed', because, { cause });

/** Ends a request that makes no progress while something is due. */
export class Patience {
  readonly #target: CallTarget;
  readonly #request: ClientRequest;
  #cancel: (() => void) | undefined;

  constructor(target: CallTarget, request: ClientRequest) {
    this.#target = target;
    this.#request = request;
  }

  /** Something is due from now on. */
  begin(): void {
    const { clock, timeoutMs } = this.#target;
    this.#cancel?.();
    this.#cancel = clock.after(timeoutMs, () => this.#request.destroy(failed(`no progress for ${timeoutMs} ms`)));
  }

  progress(): void {
    if (this.#cancel !== undefined) this.begin();
  }

  end(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }
}

export const open = (
  { way, address, me, secret }: CallTarget,
  method: string,
  path: string,
  headers: object = {},
): ClientRequest =>
  way.open(address, {
    method,
    path,
    headers: { authorization: `Bearer ${secret}`, [versionHeader]: ownVersion, [askerHeader]: me, ...headers },
  });

/** The other node is of a build that this one does not understand. */
export class OtherVersion extends PlatenError {
  constructor(because: string) {
    super('peer-failed', because);
  }
}

/** Resolves with the answer's head; the body is read by the caller. Throws OtherVersion for a node that is not understood. */
export const headOf = (request: ClientRequest): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    request.once('response', (response) => {
      const fault = versionFault(response.headers[versionHeader]);
      if (fault === undefined) return resolve(response);
      response.resume();
      reject(new OtherVersion(fault));
    });
    // Stays: a request may fail after its answer began.
    request.on('error', (error) => reject(error instanceof PlatenError ? error : failed(error.message, error)));
    request.once('close', () => reject(failed('the connection was closed')));
  });

export const textOf = async (response: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      bytes += chunk.byteLength;
      if (bytes > mostAnswerBytes) throw failed('the answer is too long');
      chunks.push(chunk);
    }
  } catch (error) {
    throw error instanceof PlatenError ? error : failed('the answer broke off', error);
  }
  return Buffer.concat(chunks).toString('utf8');
};

/** A request with a short body or none; the whole of it may take as long as one step of a long one. */
export const call = async (target: CallTarget, question: Question): Promise<Answer> => {
  try {
    return await once(target, question);
  } catch (error) {
    // A connection that was kept may have been closed at the other end just now.
    if (error instanceof Reused) return once(target, question);
    throw error;
  }
};

class Reused extends PlatenError {
  constructor(cause: unknown) {
    super('peer-failed', 'a kept connection was closed', { cause });
  }
}

const once = async (target: CallTarget, { method, path, body, signal }: Question): Promise<Answer> => {
  const request = open(target, method, path, body === undefined ? {} : { 'content-length': body.byteLength });
  const patience = new Patience(target, request);
  const stop = (): void => void request.destroy(failed('broken off'));
  signal?.addEventListener('abort', stop, { once: true });
  patience.begin();
  try {
    const head = headOf(request);
    if (signal?.aborted === true) stop();
    else request.end(body);
    const response = await head;
    return { status: response.statusCode ?? 0, text: await textOf(response) };
  } catch (error) {
    const code = error instanceof PlatenError ? (error.cause as NodeJS.ErrnoException | undefined)?.code : undefined;
    if (request.reusedSocket && (code === 'ECONNRESET' || code === 'EPIPE')) throw new Reused(error);
    throw error;
  } finally {
    patience.end();
    signal?.removeEventListener('abort', stop);
  }
};
