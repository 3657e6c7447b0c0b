// What this node does when another one asks: one function for each request.

import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { PlatenError } from '../../errors.js';
import type { DocumentCopy } from '../../model/document.js';
import type { NewEntry } from '../segment-writer.js';
import type { EpochGate } from './epoch-gate.js';
import type { PeerServerParts } from './peer-server.js';
import { type NeedQuestion, type PeerRequest, repairHeader } from './routes.js';
import { mostBatchBytes, readBatch } from './small-batch.js';

type Parts = Pick<PeerServerParts, 'spool' | 'isNeeded' | 'unheard' | 'clock'> & { readonly gate: EpochGate };

/** The sender is told of each so many octets that were taken: nothing else shows a slow node from one that hangs. */
const progressBytes = 1 << 20;
const mostRemovalBytes = 1 << 20;
const verdictStatus = { intact: 200, missing: 404, damaged: 410 } as const;

export class PeerRequests {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Throws `PlatenError`s and whatever a broken connection throws; nothing is answered then. */
  async answer(asked: PeerRequest, request: IncomingMessage, response: ServerResponse): Promise<void> {
    switch (asked.do) {
      case 'keep-small':
        return send(response, 200, await this.#keepSmall(asked, request));
      case 'keep':
        return send(response, 200, await this.#keep(asked, request, response));
      case 'read':
        return this.#read(asked, response);
      case 'verify':
        response.writeHead(verdictStatus[await this.#parts.spool.verify(asked.group, asked.copy)]).end();
        return;
      case 'remove':
        return send(response, 200, await this.#remove(asked.group, request));
      case 'is-needed':
        return send(response, 200, await this.#isNeeded(asked.question));
      case 'heard':
        return send(response, 200, await this.#heard(asked, request));
      case 'unheard':
        return send(response, 200, this.#unheard(asked));
      case 'answer':
        return send(response, 200, {});
      default:
        return asked satisfies never;
    }
  }

  async #openEpoch(group: string, epoch: number): Promise<void> {
    const { gate, spool } = this.#parts;
    await gate.check(group, epoch);
    await spool.openEpoch(group, epoch);
  }

  async #keepSmall(
    { group, epoch }: Extract<PeerRequest, { do: 'keep-small' }>,
    request: IncomingMessage,
  ): Promise<{ readonly files: readonly string[] }> {
    const { spool, unheard } = this.#parts;
    const opened = this.#openEpoch(group, epoch);
    // Looked at after the body; a refusal must not be nobody's until then.
    opened.catch(() => undefined);
    const entries = readBatch(await gather(request, mostBatchBytes));
    await opened;
    if (entries === undefined || !entries.every(isWhole)) throw new PlatenError('bad-request', 'no batch of documents');
    const files = await spool.append(group, epoch, entries);
    for (const { job } of entries) unheard.arrived({ group, epoch, job });
    return { files };
  }

  async #keep(
    { group, epoch, job, number }: Extract<PeerRequest, { do: 'keep' }>,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<Omit<DocumentCopy, 'epoch'>> {
    await this.#openEpoch(group, epoch);
    const { file, length, sha256 } = await this.#parts.spool.receive(
      { group, epoch, job, number },
      telling(whole(request), () => response.writeProcessing()),
    );
    // What is copied once more came in earlier.
    if (request.headers[repairHeader] === undefined) this.#parts.unheard.arrived({ group, epoch, job });
    return { file, length, sha256 };
  }

  async #read(
    { group, copy }: Extract<PeerRequest, { do: 'read' | 'verify' }>,
    response: ServerResponse,
  ): Promise<void> {
    const octets = this.#parts.spool.read(group, copy)[Symbol.asyncIterator]();
    // A document that is missing or too short is refused before anything is sent.
    const first = await octets.next();
    response.writeHead(200, { 'content-length': copy.length, 'content-type': 'application/octet-stream' });
    if (first.done === true) {
      response.end();
      return;
    }
    const rest = { [Symbol.asyncIterator]: () => octets };
    await pipeline(async function* () {
      yield first.value;
      yield* rest;
    }, response);
  }

  async #remove(group: string, request: IncomingMessage): Promise<object> {
    const body = await gather(request, mostRemovalBytes);
    for (const copy of copiesIn(body.toString('utf8'))) await this.#parts.spool.remove(group, copy);
    return {};
  }

  async #heard(
    { group, epoch }: Extract<PeerRequest, { do: 'heard' | 'unheard' }>,
    request: IncomingMessage,
  ): Promise<object> {
    const body = await gather(request, mostRemovalBytes);
    for (const job of numbersIn(body.toString('utf8'))) this.#parts.unheard.heard({ group, epoch, job });
    return {};
  }

  #unheard({ group, epoch }: Extract<PeerRequest, { do: 'heard' | 'unheard' }>): object {
    const { unheard, clock } = this.#parts;
    const now = clock.monotonic();
    return { ages: [...unheard.list(group, epoch)].map(([job, at]) => [job, Math.round(now - at)]) };
  }

  async #isNeeded(question: NeedQuestion): Promise<{ readonly needed: boolean }> {
    const needed = await this.#parts.isNeeded(question);
    if (needed === undefined) throw new PlatenError('not-owner');
    return { needed };
  }
}

const send = (response: ServerResponse, status: number, body: object): void => {
  const text = JSON.stringify(body);
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
  response.end(text);
};

const isWhole = ({ octets, sha256 }: NewEntry): boolean => createHash('sha256').update(octets).digest('hex') === sha256;

const gather = async (request: IncomingMessage, most: number): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength;
    if (bytes > most) throw new PlatenError('bad-request', 'the request is too long');
    chunks.push(chunk);
  }
  const [only = Buffer.alloc(0)] = chunks;
  return chunks.length <= 1 ? only : Buffer.concat(chunks);
};

/** A body that broke off fails, whatever the stream makes of it. */
async function* whole(request: IncomingMessage): AsyncGenerator<Uint8Array> {
  yield* request as AsyncIterable<Buffer>;
  if (!request.complete) throw new PlatenError('document-incomplete');
}

async function* telling(source: AsyncIterable<Uint8Array>, tell: () => void): AsyncGenerator<Uint8Array> {
  let untold = 0;
  for await (const chunk of source) {
    untold += chunk.byteLength;
    if (untold >= progressBytes) {
      untold = 0;
      tell();
    }
    yield chunk;
  }
}

const isCopy = (value: unknown): value is DocumentCopy => {
  const { epoch, file, length, sha256 } = (value ?? {}) as Partial<Record<keyof DocumentCopy, unknown>>;
  return (
    Number.isSafeInteger(epoch) &&
    typeof file === 'string' &&
    Number.isSafeInteger(length) &&
    typeof sha256 === 'string'
  );
};

/** Throws `bad-request`. */
const numbersIn = (text: string): readonly number[] => {
  try {
    const parsed: unknown = JSON.parse(text);
    if (Array.isArray(parsed) && parsed.every((one) => Number.isSafeInteger(one))) return parsed as number[];
  } catch {
    // As for any other text.
  }
  throw new PlatenError('bad-request', 'no list of jobs');
};

/** Throws `bad-request`. What is no name of the spool is refused by the spool itself. */
const copiesIn = (text: string): DocumentCopy[] => {
  try {
    const parsed: unknown = JSON.parse(text);
    if (Array.isArray(parsed) && parsed.every(isCopy)) return parsed;
  } catch {
    // As for any other text.
  }
  throw new PlatenError('bad-request', 'no list of copies');
};
