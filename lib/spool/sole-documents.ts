// Documents of a node that is alone: what its own spool holds.

import { copyOn, type StoredDocument } from '../model/document.js';
import { PlatenError } from '../errors.js';
import type { DocumentKey } from './layout.js';
import type { ReclaimCounts, ReclaimRequest } from './reclaim.js';
import type { ReceiveRequestOptions, Spool } from './spool.js';

/** What a record keeps of a document, beside what the client said of it. */
export type ListedDocument = Pick<StoredDocument, 'epoch' | 'length' | 'sha256' | 'holders'>;

export class SoleDocuments {
  readonly #spool: Spool;
  readonly #node: string;

  constructor({ spool, node }: { spool: Spool; node: string }) {
    this.#spool = spool;
    this.#node = node;
  }

  openEpoch(group: string, epoch: number): Promise<void> {
    return this.#spool.openEpoch(group, epoch);
  }

  admit(expectedBytes?: number): Promise<void> {
    return this.#spool.admit(expectedBytes);
  }

  async receive(
    key: DocumentKey,
    source: AsyncIterable<Uint8Array>,
    options?: ReceiveRequestOptions,
  ): Promise<ListedDocument> {
    const { epoch, file, length, sha256 } = await this.#spool.receive(key, source, options);
    return { epoch, length, sha256, holders: { [this.#node]: file } };
  }

  isHere(document: StoredDocument): boolean {
    return copyOn(document, this.#node) !== undefined;
  }

  isOfEpoch(document: StoredDocument, epoch: number): boolean {
    return copyOn(document, this.#node)?.epoch === epoch;
  }

  read(group: string, document: StoredDocument): AsyncIterable<Uint8Array> {
    const copy = copyOn(document, this.#node);
    if (copy === undefined) throw new PlatenError('document-damaged', 'no copy of the document is on this node');
    return this.#spool.read(group, copy);
  }

  async remove(group: string, document: StoredDocument): Promise<void> {
    const copy = copyOn(document, this.#node);
    if (copy !== undefined) await this.#spool.remove(group, copy);
  }

  reclaim(request: ReclaimRequest): Promise<ReclaimCounts> {
    return this.#spool.reclaim(request);
  }
}
