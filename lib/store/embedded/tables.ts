// The lmdb file behind the embedded store: its format, and entries as octets. Reads go to a snapshot.

import { open as openFile } from 'node:fs/promises';
import path from 'node:path';
import type { Database, RootDatabase, Transaction } from 'lmdb';
import { open } from 'lmdb';
import { ensureDirectory, syncDirectory } from '../../platform/durable-file.js';
import type { Log } from '../../platform/log.js';
import { prepareFile } from './file-check.js';

const formatVersion = 1;
const revisionBytes = 8;
const formatKey = Buffer.from('format');
const revisionKey = Buffer.from('revision');
const files = ['data.mdb', 'lock.mdb'] as const;

/** An entry as it lies in the file: the revision in 8 octets, then the value's JSON. */
export interface StoredEntry {
  readonly revision: number;
  readonly text: string;
}

/** `entry` is absent for a deletion. */
export interface StoredChange {
  readonly octets: Buffer;
  readonly entry?: StoredEntry;
}

/** lmdb reports a failed commit first and its cause a moment later, as `commitError`. */
const causeOf = async (failure: unknown): Promise<unknown> => {
  if (!(failure instanceof Error) || !('commitError' in failure)) return failure;
  try {
    await Promise.race([failure.commitError, nextTurns(100)]);
  } catch (cause) {
    return cause;
  }
  return failure;
};

const nextTurns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

/** The file's content at one commit. lmdb keeps its pages until all who hold it have let go. */
export class Snapshot {
  readonly transaction: Transaction;
  #holders = 1;

  constructor(transaction: Transaction) {
    this.transaction = transaction;
  }

  hold(): void {
    this.#holders += 1;
  }

  letGo(): void {
    this.#holders -= 1;
    if (this.#holders === 0) this.transaction.done();
  }
}

export interface KeyRange {
  /** First key looked at, in the direction of the range. */
  readonly start?: Buffer;
  readonly exclusiveStart?: boolean;
  /** Where it ends, exclusive; for a descending range inclusive. */
  readonly end?: Buffer;
  readonly reverse: boolean;
}

const encode = ({ revision, text }: StoredEntry): Buffer => {
  const octets = Buffer.allocUnsafe(revisionBytes + Buffer.byteLength(text));
  octets.writeBigUInt64BE(BigInt(revision));
  octets.write(text, revisionBytes);
  return octets;
};

const decode = (octets: Buffer): StoredEntry => ({
  revision: Number(octets.readBigUInt64BE()),
  text: octets.toString('utf8', revisionBytes),
});

const readNumber = (octets: Buffer | undefined): number =>
  octets === undefined ? 0 : Number(octets.readBigUInt64BE());

const numberOctets = (value: number): Buffer => {
  const octets = Buffer.alloc(revisionBytes);
  octets.writeBigUInt64BE(BigInt(value));
  return octets;
};

/** What the store asks of its file. */
export type StoreFile = Pick<Tables, keyof Tables>;

export class Tables {
  readonly #root: RootDatabase<Buffer, Buffer>;
  readonly #entries: Database<Buffer, Buffer>;
  readonly #meta: Database<Buffer, Buffer>;

  private constructor(root: RootDatabase<Buffer, Buffer>) {
    const options = { encoding: 'binary', keyEncoding: 'binary' } as const;
    this.#root = root;
    this.#entries = root.openDB({ name: 'entries', ...options });
    this.#meta = root.openDB({ name: 'meta', ...options });
  }

  /** Opens or creates the file in `directory`; throws an Error that says why it cannot. */
  static async open(directory: string, log: Log): Promise<Tables> {
    await ensureDirectory(directory);
    for (const file of files) await (await openFile(path.join(directory, file), 'a', 0o600)).close();
    const state = await prepareFile(path.join(directory, files[0]));
    const root = open<Buffer, Buffer>({
      path: directory,
      noSubdir: false,
      encoding: 'binary',
      keyEncoding: 'binary',
      // Commits resolve when they are on disk, not before.
      overlappingSync: false,
    });
    try {
      const tables = new Tables(root);
      await tables.#checkFormat(directory);
      if (state === 'filled') {
        log.warn({ directory }, 'the store is shorter than its meta data says: reading it through');
        tables.#readThrough(directory);
      }
      await syncDirectory(directory);
      return tables;
    } catch (error) {
      await root.close();
      throw error;
    }
  }

  async #checkFormat(directory: string): Promise<void> {
    const found = this.#meta.get(formatKey);
    if (found === undefined) {
      await this.#meta.put(formatKey, numberOctets(formatVersion));
      return;
    }
    const version = readNumber(found);
    if (version > formatVersion)
      throw new Error(
        `${directory} was written by a newer version (store format ${version}; this version knows up to ${formatVersion})`,
      );
  }

  #readThrough(directory: string): void {
    try {
      for (const { value } of this.#entries.getRange()) JSON.parse(decode(value).text);
    } catch (error) {
      throw new Error(`${directory} is damaged: an entry cannot be read`, { cause: error });
    }
  }

  /** The state as it was last committed, held once. */
  snapshot(): Snapshot {
    this.#root.resetReadTxn();
    return new Snapshot(this.#root.useReadTransaction());
  }

  /** The store's revision. */
  revision(snapshot: Snapshot): number {
    return readNumber(this.#meta.get(revisionKey, { transaction: snapshot.transaction }));
  }

  get(key: Buffer, snapshot: Snapshot): StoredEntry | undefined {
    const octets = this.#entries.get(key, { transaction: snapshot.transaction });
    return octets === undefined ? undefined : decode(octets);
  }

  *range({ reverse, ...bounds }: KeyRange, snapshot: Snapshot): Generator<{ key: string } & StoredEntry> {
    const range = this.#entries.getRange({
      ...bounds,
      reverse,
      inclusiveEnd: reverse,
      transaction: snapshot.transaction,
    });
    for (const { key, value } of range) yield { key: key.toString('utf8'), ...decode(value) };
  }

  /**
   * Writes the changes and the store's revision as one lmdb transaction; resolves when it is on disk. When it throws, it is not known
   * whether it is. (What lmdb is asked for within one turn of the event loop is one transaction, and any failure aborts the whole of it.)
   */
  async write(changes: readonly StoredChange[], revision: number): Promise<void> {
    const parts: Promise<boolean>[] = [this.#meta.put(revisionKey, numberOctets(revision))];
    for (const { octets, entry } of changes)
      parts.push(entry === undefined ? this.#entries.remove(octets) : this.#entries.put(octets, encode(entry)));
    const settled = await Promise.allSettled(parts);
    const failures = settled.flatMap((part) => (part.status === 'rejected' ? [part.reason as unknown] : []));
    if (failures.length > 0) throw await causeOf(failures[0]);
  }

  close(): Promise<void> {
    return this.#root.close();
  }
}
