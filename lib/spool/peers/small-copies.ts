// Small documents on their way to one node: those that wait go together, one request at a time for each epoch, so that they share its sync.

import type { DocumentKey } from '../layout.js';
import { headerBytes } from '../segment-entry.js';
import type { NewEntry } from '../segment-writer.js';
import { call, type CallTarget, failed } from './http-call.js';
import { paths } from './routes.js';
import { batchBytes, batchEntries, writeBatch } from './small-batch.js';

interface Waiting {
  readonly entry: NewEntry;
  readonly resolve: (file: string) => void;
  readonly reject: (error: unknown) => void;
}

interface Lane {
  readonly path: string;
  waiting: Waiting[];
  isSending: boolean;
}

export class SmallCopies {
  readonly #target: CallTarget;
  readonly #lanes = new Map<string, Lane>();

  constructor(target: CallTarget) {
    this.#target = target;
  }

  /** Resolves with the copy's name over there when it is durable. Throws `peer-failed`. */
  send({ group, epoch }: Pick<DocumentKey, 'group' | 'epoch'>, entry: NewEntry): Promise<string> {
    const path = paths.keepSmall(group, epoch);
    return new Promise((resolve, reject) => {
      let lane = this.#lanes.get(path);
      if (lane === undefined) this.#lanes.set(path, (lane = { path, waiting: [], isSending: false }));
      lane.waiting.push({ entry, resolve, reject });
      if (!lane.isSending) void this.#work(lane);
    });
  }

  async #work(lane: Lane): Promise<void> {
    lane.isSending = true;
    // Those who come in the same turn go together.
    await Promise.resolve();
    for (let batch = take(lane); batch.length > 0; batch = take(lane)) {
      try {
        const files = await this.#deliver(lane.path, batch);
        for (const [index, { resolve }] of batch.entries()) resolve(files[index] ?? '');
      } catch (error) {
        // Whoever waits behind a node that hangs would only wait as long again.
        for (const { reject } of [...batch, ...lane.waiting.splice(0)]) reject(error);
      }
    }
    lane.isSending = false;
    this.#lanes.delete(lane.path);
  }

  async #deliver(path: string, batch: readonly Waiting[]): Promise<readonly string[]> {
    const body = writeBatch(batch.map(({ entry }) => entry));
    const { status, text } = await call(this.#target, { method: 'POST', path, body });
    if (status !== 200) throw failed(`answered ${status}: ${text.slice(0, 200)}`);
    return filesIn(text, batch.length);
  }
}

const take = (lane: Lane): Waiting[] => {
  let bytes = 0;
  const end = lane.waiting.findIndex(
    ({ entry }, index) => (bytes += headerBytes + entry.length) > batchBytes || index === batchEntries,
  );
  return lane.waiting.splice(0, end === -1 ? lane.waiting.length : end);
};

const filesIn = (text: string, count: number): readonly string[] => {
  const { files } = parse(text) as { files?: unknown };
  if (Array.isArray(files) && files.length === count && files.every((file) => typeof file === 'string' && file !== ''))
    return files as string[];
  throw failed('the answer names no copies');
};

const parse = (text: string): unknown => {
  try {
    return (JSON.parse(text) as unknown) ?? {};
  } catch (error) {
    throw failed('the answer is no JSON', error);
  }
};
