// This node's way to another one: everything that is asked of it about documents. Every call throws `peer-failed` when it fails.

import { PlatenError } from '../../errors.js';
import type { DocumentCopy } from '../../model/document.js';
import type { NodeWays } from '../../platform/node-ways.js';
import type { Received } from '../document-writer.js';
import type { DocumentKey } from '../layout.js';
import type { Verdict } from '../read.js';
import type { Arriving } from '../receive.js';
import type { JobPlace } from '../unheard-ledger.js';
import { follow } from './follow.js';
import { call, type CallTarget, failed, headOf, open, Patience } from './http-call.js';
import { Hearsay } from './hearsay.js';
import { Removals } from './removals.js';
import { type NeedQuestion, paths } from './routes.js';
import { SmallCopies } from './small-copies.js';

/** A kept connection that nobody uses is closed before the other end does so. */
const idleMs = 60_000;

export class PeerLink {
  readonly address: string;
  readonly #target: CallTarget;
  readonly #small: SmallCopies;
  readonly #removals: Removals;
  readonly #hearsay: Hearsay;

  constructor({
    node,
    ways,
    ...options
  }: Omit<CallTarget, 'way'> & { readonly node: string; readonly ways: NodeWays }) {
    this.address = options.address;
    this.#target = { ...options, way: ways.to(node, idleMs) };
    this.#small = new SmallCopies(this.#target);
    this.#removals = new Removals(this.#target);
    this.#hearsay = new Hearsay(this.#target);
  }

  /** Resolves with the copy's name when it is durable over there and its length and SHA-256 agree. */
  copy(key: DocumentKey, arriving: Arriving, signal: () => AbortSignal): Promise<string> {
    if (arriving.kind === 'growing')
      return follow(this.#target, key, arriving.file, { signal: signal(), isRepair: false });
    const { octets, length, sha256 } = arriving;
    return this.#small.send(key, { job: key.job, number: key.number, length, sha256, octets });
  }

  /** As `copy`, for a document that is here already. */
  send(
    key: DocumentKey,
    { octets, ...whole }: Received & { readonly octets: AsyncIterable<Uint8Array> },
    signal: AbortSignal,
  ): Promise<string> {
    return follow(this.#target, key, { chunks: () => octets, whole }, { signal, isRepair: true });
  }

  /** The octets of a copy over there; `document-damaged` when it is missing there, or not what it should be as far as that node can tell. */
  async *read(group: string, copy: DocumentCopy, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const request = open(this.#target, 'GET', paths.copy(group, copy));
    const patience = new Patience(this.#target, request);
    const stop = (): void => void request.destroy();
    signal.addEventListener('abort', stop, { once: true });
    try {
      signal.throwIfAborted();
      patience.begin();
      const head = headOf(request);
      request.end();
      const response = await head;
      if (response.statusCode === 410) throw new PlatenError('document-damaged');
      if (response.statusCode !== 200) throw failed(`answered ${response.statusCode}`);
      for await (const chunk of response as AsyncIterable<Buffer>) {
        patience.end();
        yield chunk;
        patience.begin();
      }
      if (!response.complete) throw failed('the document broke off');
    } catch (error) {
      signal.throwIfAborted();
      throw error instanceof PlatenError ? error : failed('the document broke off', error);
    } finally {
      patience.end();
      signal.removeEventListener('abort', stop);
      request.destroy();
    }
  }

  /** Reads the copy through over there, however long that takes. */
  async verify(
    group: string,
    copy: DocumentCopy,
    { timeoutMs, signal }: { timeoutMs: number; signal: AbortSignal },
  ): Promise<Verdict> {
    const target = { ...this.#target, timeoutMs };
    const { status } = await call(target, { method: 'HEAD', path: paths.copy(group, copy), signal });
    if (status === 200) return 'intact';
    if (status === 404) return 'missing';
    if (status === 410) return 'damaged';
    throw failed(`answered ${status}`);
  }

  /** Best effort. */
  remove(group: string, copy: DocumentCopy): void {
    this.#removals.add(group, copy);
  }

  /** Asks the owner; undefined when it says that it is not the owner at that epoch. */
  async isNeeded(question: NeedQuestion): Promise<boolean | undefined> {
    const { status, text } = await call(this.#target, { method: 'GET', path: paths.isNeeded(question) });
    if (status === 409) return undefined;
    if (status !== 200) throw failed(`answered ${status}`);
    return text !== '{"needed":false}';
  }

  /** The job's client has gone on. Best effort, at once. */
  tellHeard(job: JobPlace): void {
    this.#hearsay.add(job);
  }

  /** Job → how long ago its last document came there, ms: those of that epoch whose clients are not known there to have gone on. */
  async unheard(group: string, epoch: number, signal: AbortSignal): Promise<ReadonlyMap<number, number>> {
    const { status, text } = await call(this.#target, { method: 'GET', path: paths.unheard(group, epoch), signal });
    if (status !== 200) throw failed(`answered ${status}`);
    return agesIn(text);
  }

  /** Resolves when the node answers. */
  async probe(): Promise<void> {
    const { status } = await call(this.#target, { method: 'GET', path: paths.answer });
    if (status !== 200) throw failed(`answered ${status}`);
  }

  async settled(): Promise<void> {
    await Promise.all([this.#removals.settled(), this.#hearsay.settled()]);
  }

  close(): void {
    this.#target.way.close();
  }
}

const agesIn = (text: string): ReadonlyMap<number, number> => {
  try {
    const { ages } = JSON.parse(text) as { readonly ages: readonly (readonly [number, number])[] };
    if (ages.every(([job, ageMs]) => Number.isSafeInteger(job) && ageMs >= 0)) return new Map(ages);
  } catch {
    // As for any other text.
  }
  throw failed('the answer is no list of jobs');
};
