// One document from its source to the disk (R2): a small one into the epoch's segment, any other into a file of its own.

import { PlatenError } from '../errors.js';
import { abortable } from './abortable.js';
import { DocumentFile } from './document-file.js';
import type { DocumentWriterOptions, Received } from './document-writer.js';
import { DocumentWriter } from './document-writer.js';
import type { DocumentKey, Layout } from './layout.js';
import { newFileName } from './layout.js';
import type { OpenEpoch } from './open-epoch.js';
import { headerBytes, maxEntryBytes } from './segment-entry.js';

export interface ReceiveOptions extends DocumentWriterOptions {
  readonly key: DocumentKey;
  readonly layout: Layout;
  readonly epoch: OpenEpoch;
  readonly signal?: AbortSignal;
}

export interface ReceivedFile extends Received {
  readonly file: string;
}

/** Resolves when the document is durable under its name. Errors of the disk are `PlatenError`s; after any error no file is left. */
export const receive = async (source: AsyncIterable<Uint8Array>, options: ReceiveOptions): Promise<ReceivedFile> => {
  const { key, layout, epoch, signal, expectedBytes } = options;
  signal?.throwIfAborted();
  const name = newFileName(key);
  const file = new DocumentFile(layout.document(key.group, { epoch: key.epoch, file: name }), epoch.directory);
  const writer = new DocumentWriter(file, options);
  try {
    for await (const chunk of abortable(source, signal)) await writer.add(chunk);
    if (expectedBytes !== undefined && writer.length < expectedBytes)
      throw new PlatenError(
        'document-incomplete',
        `the document has ${writer.length} of the announced ${expectedBytes} octets`,
      );
    const octets = writer.whole();
    if (octets !== undefined && octets.byteLength <= maxEntryBytes)
      return await append(octets, { ...options, sha256: writer.digest() });
    const received = await writer.finish();
    signal?.throwIfAborted();
    await file.finish();
    signal?.throwIfAborted();
    await file.publish();
    signal?.throwIfAborted();
    return { file: name, ...received };
  } catch (error) {
    // The first error counts.
    await writer.end();
    await file.discard();
    throw error;
  } finally {
    await writer.end();
  }
};

const append = async (
  octets: Uint8Array,
  { key, epoch, promised, signal, sha256 }: ReceiveOptions & { readonly sha256: string },
): Promise<ReceivedFile> => {
  const { job, number } = key;
  const length = octets.byteLength;
  signal?.throwIfAborted();
  await promised.grow(headerBytes + length);
  const file = await epoch.segments.append({ job, number, length, sha256, octets });
  return { file, length, sha256 };
};
