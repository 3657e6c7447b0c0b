// Expands compressed documents as they come in, with a cap on the ratio (R63). deflate is read with or without its zlib header.

import { createGunzip, createInflate, createInflateRaw } from 'node:zlib';
import type { Transform } from 'node:stream';
import { PlatenError } from '../../errors.js';

export interface DecompressionLimits {
  /** Octets out for each octet in, once `freeBytes` are out. */
  readonly ratio: number;
  readonly freeBytes: number;
}

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

const expanderFor = async (
  source: AsyncIterable<Uint8Array>,
  compression: 'gzip' | 'deflate',
): Promise<{ expander: Transform; whole: AsyncIterable<Uint8Array> }> => {
  if (compression === 'gzip') return { expander: createGunzip(), whole: source };
  const { start, whole } = await startOf(source, 2);
  return { expander: hasZlibHeader(start) ? createInflate() : createInflateRaw(), whole };
};

/** Throws `compression-error` for data that does not expand or expands too far; what the source throws goes through. */
export async function* decompressed(
  source: AsyncIterable<Uint8Array>,
  compression: 'none' | 'gzip' | 'deflate',
  { ratio, freeBytes }: DecompressionLimits,
): AsyncIterable<Uint8Array> {
  if (compression === 'none') {
    yield* source;
    return;
  }
  const { expander, whole } = await expanderFor(source, compression);
  let taken = 0;
  let given = 0;
  let sourceError: { readonly error: unknown } | undefined;
  const feeding = (async () => {
    try {
      for await (const chunk of whole) {
        taken += chunk.length;
        if (!expander.write(chunk) && !expander.destroyed)
          await new Promise<void>((resolve) => {
            expander.once('drain', resolve);
            expander.once('close', resolve);
          });
        if (expander.destroyed) return;
      }
      expander.end();
    } catch (error) {
      sourceError = { error };
      expander.destroy();
    }
  })();
  try {
    for await (const chunk of expander) {
      given += (chunk as Uint8Array).length;
      if (given > freeBytes && given > taken * ratio)
        throw new PlatenError('compression-error', `the document expands to more than ${ratio} times its size`);
      yield chunk as Uint8Array;
    }
  } catch (error) {
    if (sourceError !== undefined) throw (sourceError as { error: unknown }).error;
    if (error instanceof PlatenError) throw error;
    throw new PlatenError('compression-error', 'the compressed document is damaged', { cause: error });
  } finally {
    expander.destroy();
    await feeding;
  }
  if (sourceError !== undefined) throw (sourceError as { error: unknown }).error;
}
