// Expands compressed documents as they come in, with a cap on the ratio (R63). deflate is read with or without its zlib header.

import { createGunzip, createInflate, createInflateRaw, type Gunzip, type Inflate, type InflateRaw } from 'node:zlib';
import { PlatenError } from '../../errors.js';

export interface DecompressionLimits {
  /** Octets out for each octet in, once `freeBytes` are out. */
  readonly ratio: number;
  readonly freeBytes: number;
}

type Expander = Gunzip | Inflate | InflateRaw;

/** RFC 1950 section 2.2: CM is 8 and the first two octets are a multiple of 31. */
const hasZlibHeader = (start: Uint8Array): boolean => {
  const [first = 0, second = 0] = start;
  return start.length >= 2 && (first & 0x0f) === 8 && (first * 256 + second) % 31 === 0;
};

/** The stream from its start again, once at least `least` octets (or all) are known. */
const startOf = async (
  source: AsyncIterable<Uint8Array>,
  least: number,
): Promise<{ start: Uint8Array; whole: AsyncIterable<Uint8Array> }> => {
  const iterator = source[Symbol.asyncIterator]();
  const pieces: Uint8Array[] = [];
  let length = 0;
  while (length < least) {
    const next = await iterator.next();
    if (next.done === true) break;
    pieces.push(next.value);
    length += next.value.length;
  }
  const rest: AsyncIterable<Uint8Array> = { [Symbol.asyncIterator]: () => iterator };
  async function* whole(): AsyncIterable<Uint8Array> {
    yield* pieces;
    yield* rest;
  }
  return { start: Buffer.concat(pieces), whole: whole() };
};

const expanderFor = (start: Uint8Array, compression: 'gzip' | 'deflate'): Expander => {
  if (compression === 'gzip') return createGunzip();
  return hasZlibHeader(start) ? createInflate() : createInflateRaw();
};

/** Throws `compression-error` for data that does not expand, expands too far, or is followed by something; what the source throws goes through. */
export async function* decompressed(
  source: AsyncIterable<Uint8Array>,
  compression: 'none' | 'gzip' | 'deflate',
  { ratio, freeBytes }: DecompressionLimits,
): AsyncIterable<Uint8Array> {
  if (compression === 'none') {
    yield* source;
    return;
  }
  const { start, whole } = await startOf(source, 2);
  // No octets are an empty document: a last Send-Document may have none.
  if (start.length === 0) return;
  const expander = expanderFor(start, compression);
  const feeding = feed(expander, whole);
  let given = 0;
  try {
    for await (const chunk of expander) {
      given += (chunk as Uint8Array).length;
      if (given > freeBytes && given > feeding.taken * ratio)
        throw new PlatenError('compression-error', `the document expands to more than ${ratio} times its size`);
      yield chunk as Uint8Array;
    }
    await feeding.ended;
    if (feeding.taken > expander.bytesWritten)
      throw new PlatenError('compression-error', 'something follows the compressed document');
  } catch (error) {
    if (feeding.failure !== undefined) throw feeding.failure.error;
    if (error instanceof PlatenError) throw error;
    throw new PlatenError('compression-error', 'the compressed document is damaged', { cause: error });
  } finally {
    expander.destroy();
    await feeding.ended;
  }
}

interface Feeding {
  /** Octets that came in; more than the expander took when something follows the compressed data. */
  taken: number;
  /** What the source threw. */
  failure: { readonly error: unknown } | undefined;
  ended: Promise<void>;
}

const feed = (expander: Expander, source: AsyncIterable<Uint8Array>): Feeding => {
  const feeding: Feeding = { taken: 0, failure: undefined, ended: Promise.resolve() };
  const run = async (): Promise<void> => {
    try {
      for await (const chunk of source) {
        feeding.taken += chunk.length;
        if (expander.destroyed || expander.readableEnded) return;
        if (!expander.write(chunk)) await drained(expander);
      }
      expander.end();
    } catch (error) {
      feeding.failure = { error };
      expander.destroy();
    }
  };
  feeding.ended = run();
  return feeding;
};

const drained = (expander: Expander): Promise<void> =>
  new Promise((resolve) => {
    if (expander.destroyed) resolve();
    expander.once('drain', done);
    expander.once('close', done);
    function done(): void {
      expander.off('drain', done);
      expander.off('close', done);
      resolve();
    }
  });
