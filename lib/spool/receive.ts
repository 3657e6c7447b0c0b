// One document from its source to the disk (R2): a small one into the epoch's segment, any other into a file of its own.

import { PlatenError } from '../errors.js';
import { abortable } from './abortable.js';
import { DocumentFile } from './document-file.js';
import type { DocumentWriterOptions, Received } from './document-writer.js';
import { DocumentWriter } from './document-writer.js';
import type { DocumentKey, Layout } from './layout.js';
import { GrowingFile } from './growing-file.js';
import { newFileName, partOf } from './layout.js';
import type { OpenEpoch } from './open-epoch.js';
import { headerBytes, maxEntryBytes } from './segment-entry.js';

/** A document on its way to the disk, for whoever copies it elsewhere meanwhile. */
export type Arriving =
  | (Received & { readonly kind: 'whole'; readonly octets: Uint8Array })
  | { readonly kind: 'growing'; readonly file: GrowingFile };

export interface ReceiveOptions extends Omit<DocumentWriterOptions, 'onWritten'> {
  readonly key: DocumentKey;
  readonly layout: Layout;
  readonly epoch: OpenEpoch;
  readonly signal?: AbortSignal;
  /** Told once: of a small document when all of it is here, of any other when its file begins to grow. The file must be closed by it. */
  readonly follow?: (arriving: Arriving) => void;
  /** Paths of documents that are being received: no sweep may take them for leftovers. */
  readonly underWay: Set<string>;
}

export interface ReceivedFile extends Received {
  readonly file: string;
}

/** Resolves when the document is durable under its name. Errors of the disk are `PlatenError`s; after any error no file is left. */
export const receive = async (source: AsyncIterable<Uint8Array>, options: ReceiveOptions): Promise<ReceivedFile> => {
  const { key, layout, epoch, signal, expectedBytes, follow, underWay } = options;
  signal?.throwIfAborted();
  const name = newFileName(key);
  const target = layout.document(key.group, { epoch: key.epoch, file: name });
  const file = new DocumentFile(target, epoch.directory);
  let growing: GrowingFile | undefined;
  const grow = (bytes: number): void => {
    if (growing === undefined) follow?.({ kind: 'growing', file: (growing = new GrowingFile(partOf(target))) });
    growing?.grew(bytes);
  };
  const writer = new DocumentWriter(file, follow === undefined ? options : { ...options, onWritten: grow });
  underWay.add(target);
  try {
    for await (const chunk of abortable(source, signal)) await writer.add(chunk);
    if (expectedBytes !== undefined && writer.length < expectedBytes)
      throw new PlatenError(
        'document-incomplete',
        `the document has ${writer.length} of the announced ${expectedBytes} octets`,
      );
    const octets = writer.whole();
    if (octets !== undefined && octets.byteLength <= maxEntryBytes) {
      const whole = { length: octets.byteLength, sha256: writer.digest() };
      // A gathered document lies in a buffer that others get as soon as it is on the disk here.
      follow?.({ kind: 'whole', octets: writer.isOneChunk ? octets : Buffer.from(octets), ...whole });
      return await append(octets, { ...options, sha256: whole.sha256 });
    }
    const received = await writer.finish();
    growing?.end(received);
    signal?.throwIfAborted();
    await file.finish();
    signal?.throwIfAborted();
    await file.publish();
    signal?.throwIfAborted();
    return { file: name, ...received };
  } catch (error) {
    growing?.giveUp(error);
    // The first error counts.
    await writer.end();
    await file.discard();
    throw error;
  } finally {
    await writer.end();
    underWay.delete(target);
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
