// The spool's face: documents on disk, whole or not at all (DESIGN section 6).

import { readdir, unlink } from 'node:fs/promises';
import { PlatenError } from '../errors.js';
import type { DocumentCopy } from '../model/document.js';
import { isName } from '../model/names.js';
import type { Clock } from '../platform/clock.js';
import { ensureDirectory, syncDirectory } from '../platform/durable-file.js';
import type { Log } from '../platform/log.js';
import { BufferPool } from './buffer-pool.js';
import { Epochs } from './epochs.js';
import { diskError, systemCode, throwDiskError } from './disk-error.js';
import type { DocumentKey } from './layout.js';
import { entryName, Layout } from './layout.js';
import type { OpenEpoch } from './open-epoch.js';
import type { Verdict } from './read.js';
import { readDocument, verifyDocument } from './read.js';
import { type Arriving, receive } from './receive.js';
import type { ReclaimCounts, ReclaimParts, ReclaimRequest } from './reclaim.js';
import { moveToQuarantine, reclaim } from './reclaim.js';
import { type Promised, Room } from './room.js';
import { headerBytes } from './segment-entry.js';
import { quarantineEntry } from './segment-quarantine.js';
import { SegmentLedger } from './segment-ledger.js';
import type { NewEntry } from './segment-writer.js';
import type { UsageFigures } from './usage.js';
import { Usage } from './usage.js';

export interface SpoolLimits {
  /** Room that uploads leave free on the disk. */
  readonly reserveBytes: number;
  readonly maxDocumentBytes: number;
}

export interface SpoolOptions {
  /** The node's state directory. */
  readonly directory: string;
  readonly limits: SpoolLimits;
  readonly clock: Clock;
  readonly log: Log;
  /** Called once when the disk reported an error: the node must give up its groups (R4). */
  readonly onFailure?: (error: PlatenError) => void;
}

export interface ReceiveRequestOptions {
  /** The announced length; a document of any other is refused. */
  readonly expectedBytes?: number;
  readonly signal?: AbortSignal;
  /** See ReceiveOptions. */
  readonly follow?: (arriving: Arriving) => void;
}

export class Spool {
  readonly #options: SpoolOptions;
  readonly #layout: Layout;
  readonly #room: Room;
  readonly #ledger = new SegmentLedger();
  readonly #usage = new Usage(this.#ledger);
  readonly #buffers = new BufferPool();
  /** Directories and files that uploads need, though their epoch may be over. */
  readonly #inUse = new Set<string>();
  readonly #epochs: Epochs;
  readonly #closing = new AbortController();
  readonly #counting: Promise<void>;
  #failure: PlatenError | undefined;

  private constructor(options: SpoolOptions, layout: Layout) {
    const { limits, clock, log } = options;
    this.#options = options;
    this.#layout = layout;
    this.#epochs = new Epochs({ layout, ledger: this.#ledger, inUse: this.#inUse });
    this.#room = new Room({ directory: layout.documents, reserveBytes: limits.reserveBytes, clock });
    this.#counting = this.#usage
      .count(layout.documents, this.#closing.signal)
      .catch((error: unknown) => log.warn({ err: error }, 'the documents in the spool could not be counted'));
  }

  /** Creates what is missing in the state directory. Deletes nothing. Throws as `receive` does for errors of the disk. */
  static async open(options: SpoolOptions): Promise<Spool> {
    const layout = new Layout(options.directory);
    for (const directory of [layout.documents, layout.quarantine])
      await ensureDirectory(directory).catch(throwDiskError);
    await syncDirectory(options.directory).catch(throwDiskError);
    return new Spool(options, layout);
  }

  /** True for ever once the disk reported an error. */
  get failed(): boolean {
    return this.#failure !== undefined;
  }

  /** Makes the epoch's directory, durably, before the first document of that epoch. Throws `not-owner` when a later one was opened. */
  async openEpoch(group: string, epoch: number): Promise<void> {
    this.#assertWorks();
    await this.#watched(() => this.#epochs.open(group, epoch));
  }

  /**
   * Throws `PlatenError('document-too-large')`, or `PlatenError('spool-full')` when a document of that length would leave less than the
   * reserve; `expectedBytes` is absent when the length is not known. To be asked before a body is read (R7).
   */
  async admit(expectedBytes = 0): Promise<void> {
    this.#assertWorks();
    if (expectedBytes > this.#options.limits.maxDocumentBytes) throw new PlatenError('document-too-large');
    await this.#watched(() => this.#room.check(expectedBytes));
  }

  /**
   * Takes one document; resolves when it is durable. Needs its epoch open. On any error, and when the signal aborts, nothing is left and the
   * error comes through: the source's own, the signal's reason, or `document-too-large`, `document-incomplete`, `spool-full`, `spool-failed`.
   */
  async receive(
    key: DocumentKey,
    source: AsyncIterable<Uint8Array>,
    { expectedBytes, signal, follow }: ReceiveRequestOptions = {},
  ): Promise<DocumentCopy> {
    this.#assertWorks();
    const { group, epoch } = key;
    const open = this.#epochs.of(group, epoch);
    const { maxDocumentBytes } = this.#options.limits;
    if (expectedBytes !== undefined && expectedBytes > maxDocumentBytes) throw new PlatenError('document-too-large');
    return this.#holding(open, expectedBytes ?? 0, async (promised) => {
      const received = await receive(source, {
        key,
        layout: this.#layout,
        epoch: open,
        promised,
        buffers: this.#buffers,
        underWay: this.#inUse,
        maxDocumentBytes,
        ...(expectedBytes === undefined ? {} : { expectedBytes }),
        ...(signal === undefined ? {} : { signal }),
        ...(follow === undefined ? {} : { follow }),
      });
      return this.#accept({ epoch, ...received }, group, signal);
    });
  }

  /** Takes small documents that are whole and verified already, all with one sync; resolves with their names when they are durable. */
  async append(group: string, epoch: number, entries: readonly NewEntry[]): Promise<string[]> {
    this.#assertWorks();
    const open = this.#epochs.of(group, epoch);
    const bytes = entries.reduce((sum, { length }) => sum + headerBytes + length, 0);
    return this.#holding(open, bytes, async (promised) => {
      await promised.grow(bytes);
      const files = await Promise.all(entries.map((entry) => open.segments.append(entry)));
      for (const [index, { length, sha256 }] of entries.entries())
        await this.#accept({ epoch, file: files[index] ?? '', length, sha256 }, group);
      return files;
    });
  }

  /** The document's octets. Throws `PlatenError('document-damaged')` when it is missing or not what was received; see readDocument. */
  read(group: string, document: DocumentCopy): AsyncIterable<Uint8Array> {
    return readDocument(this.#layout.locate(group, document), document);
  }

  /** Reads the document through and says what became of it. */
  verify(group: string, document: DocumentCopy): Promise<Verdict> {
    return verifyDocument(this.#layout.locate(group, document), document);
  }

  /** Deletes the document; one that is gone already is fine. One in a segment lies there until none of the segment is needed. */
  async remove(group: string, document: DocumentCopy): Promise<void> {
    const { path, at } = this.#layout.locate(group, document);
    if (at !== undefined) {
      if (await this.#giveUp(group, path, at)) this.#usage.removed(entryName(path, at), document.length);
      return;
    }
    try {
      await unlink(path);
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return;
      throw diskError(error);
    }
    this.#usage.removed(path, document.length);
  }

  /** Moves the document aside, or copies it there from its segment; false when it was gone already. */
  async quarantine(group: string, document: DocumentCopy): Promise<boolean> {
    const { path, at } = this.#layout.locate(group, document);
    if (at === undefined) return moveToQuarantine(this.#parts(), group, document, path);
    if (!(await quarantineEntry(this.#parts(), group, document))) return false;
    await this.remove(group, document);
    return true;
  }

  /** Sweeps the group's earlier epochs and the quarantine; see ReclaimRequest. */
  async reclaim(request: ReclaimRequest): Promise<ReclaimCounts> {
    // What the sweep gives up of a segment is taken off the figures: it must be in them.
    await this.#counting;
    await this.#epochs.endBefore(request.group, request.currentEpoch);
    return reclaim(this.#parts(), request);
  }

  /** Groups of which there may be documents here. */
  async groups(): Promise<string[]> {
    const found = await readdir(this.#layout.documents, { withFileTypes: true });
    return found.filter((entry) => entry.isDirectory() && isName(entry.name)).map(({ name }) => name);
  }

  usage(): UsageFigures {
    return this.#usage.figures();
  }

  /** Stops the background count and lets go of the directories; uploads in flight keep theirs until they end. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#counting;
    await this.#epochs.close();
  }

  /** Keeps the epoch open, and room on the disk promised, while `act` runs. */
  async #holding<T>(open: OpenEpoch, bytes: number, act: (promised: Promised) => Promise<T>): Promise<T> {
    open.hold();
    try {
      return await this.#watched(async () => {
        const promised = await this.#room.promise(bytes);
        try {
          return await act(promised);
        } finally {
          promised.release();
        }
      });
    } finally {
      await open.letGo();
    }
  }

  #parts(): ReclaimParts {
    const { clock, log } = this.#options;
    const isInUse = (path: string): boolean => this.#inUse.has(path);
    return { layout: this.#layout, usage: this.#usage, ledger: this.#ledger, clock, log, isInUse };
  }

  async #giveUp(group: string, path: string, at: number): Promise<boolean> {
    const wasNeeded = await this.#ledger.drop(path, at);
    if (wasNeeded) await this.#epochs.latest(group)?.segments.retire();
    return wasNeeded;
  }

  /** The last look before a document counts. An entry that is refused here is given up; a file without a record is found by a sweep. */
  async #accept(document: DocumentCopy, group: string, signal?: AbortSignal): Promise<DocumentCopy> {
    const { path, at } = this.#layout.locate(group, document);
    try {
      signal?.throwIfAborted();
      // Another upload's error may have come first: nothing is acknowledged after that.
      this.#assertWorks();
    } catch (error) {
      if (at !== undefined) await this.#giveUp(group, path, at);
      throw error;
    }
    this.#usage.added(at === undefined ? path : entryName(path, at), document.length);
    return document;
  }

  #assertWorks(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Runs `action`, which throws errors of the disk as `PlatenError`s: `spool-failed` is the end of the spool, the first one reported. */
  async #watched<T>(action: () => Promise<T>): Promise<T> {
    try {
      return await action();
    } catch (error) {
      if (error instanceof PlatenError && error.code === 'spool-failed') this.#fail(error);
      throw error;
    }
  }

  #fail(error: PlatenError): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    this.#options.log.error({ err: error }, 'the spool failed; it takes no more documents');
    this.#options.onFailure?.(error);
  }
}
