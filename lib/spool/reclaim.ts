// Gives back what earlier epochs left without a record (DESIGN section 6, R9). What is not understood is put aside, never deleted.

import { rename, rmdir, unlink } from 'node:fs/promises';
import path from 'node:path';
import type { Clock } from '../platform/clock.js';
import { syncDirectory } from '../platform/durable-file.js';
import type { Log } from '../platform/log.js';
import { diskError, systemCode } from './disk-error.js';
import { type Checked, needOf } from './need.js';
import type { DocumentPlace, FileName, Layout } from './layout.js';
import { parseEpochName, parseFileName, parseQuarantinedName, partOf, quarantinedName, unknownName } from './layout.js';
import { verifyDocument } from './read.js';
import type { SegmentLedger } from './segment-ledger.js';
import { sweepSegment } from './segment-sweep.js';
import type { Usage } from './usage.js';
import { entries, sizeOf } from './usage.js';

export interface ReclaimRequest {
  readonly group: string;
  /** Directories of later epochs are left alone. */
  readonly currentEpoch: number;
  /**
   * The copy here that the job's record lists, or undefined when no record does. Must be a linearizable read made after `currentEpoch` was
   * claimed: then no commit of an earlier epoch can succeed any more.
   */
  readonly findDocument: (job: number, place: DocumentPlace) => Promise<Checked | undefined>;
  /** Asked for a copy of the current epoch that no record lists: true when the owner says that it gave it up. Absent: that epoch is left alone. */
  readonly isGivenUp?: (job: number, place: DocumentPlace) => Promise<boolean>;
  /** How long orphans stay in quarantine. */
  readonly keepOrphansMs: number;
  readonly signal: AbortSignal;
}

export interface ReclaimCounts {
  /** Temporary files without a record: deleted. */
  deleted: number;
  /** Temporary files that a record lists and that are whole: renamed. */
  adopted: number;
  /** Documents without a record, and temporary files with one that are not whole: in quarantine. */
  quarantined: number;
  /** Segments of which no record names an entry: deleted, or in quarantine when they are damaged. */
  segments: number;
  /** Names, links and directories that are not ours: in quarantine, for good. */
  notUnderstood: number;
  /** Empty directories of earlier epochs: removed. */
  directories: number;
  /** Orphans deleted from quarantine after `keepOrphansMs`. */
  expired: number;
}

export interface ReclaimParts {
  readonly layout: Layout;
  readonly usage: Usage;
  readonly ledger: SegmentLedger;
  readonly clock: Clock;
  readonly log: Log;
  /** An upload needs this file or directory. */
  readonly isInUse: (path: string) => boolean;
}

/** Ends early when the signal aborts. */
export const reclaim = async (parts: ReclaimParts, request: ReclaimRequest): Promise<ReclaimCounts> => {
  const sweep = new Sweep(parts, request);
  await sweep.group();
  await sweep.quarantine();
  return sweep.counts;
};

class Sweep {
  readonly counts: ReclaimCounts = {
    deleted: 0,
    adopted: 0,
    quarantined: 0,
    segments: 0,
    notUnderstood: 0,
    directories: 0,
    expired: 0,
  };
  readonly #parts: ReclaimParts;
  readonly #request: ReclaimRequest;

  constructor(parts: ReclaimParts, request: ReclaimRequest) {
    this.#parts = parts;
    this.#request = request;
  }

  async group(): Promise<void> {
    const { group, currentEpoch, isGivenUp, signal } = this.#request;
    const directory = this.#parts.layout.group(group);
    for await (const entry of entries(directory)) {
      if (signal.aborted) return;
      const epoch = parseEpochName(entry.name);
      if (epoch === undefined || !entry.isDirectory()) await this.#putAside(path.join(directory, entry.name));
      else if (epoch < currentEpoch || (epoch === currentEpoch && isGivenUp !== undefined)) await this.#epoch(epoch);
    }
  }

  async quarantine(): Promise<void> {
    const { keepOrphansMs, signal } = this.#request;
    const { layout, clock } = this.#parts;
    for await (const entry of entries(layout.quarantine)) {
      if (signal.aborted) return;
      const since = parseQuarantinedName(entry.name);
      if (since === undefined || !entry.isFile() || clock.wall() - since < keepOrphansMs) continue;
      if (await isDone(unlink(layout.quarantined(entry.name)))) this.counts.expired += 1;
    }
  }

  async #epoch(epoch: number): Promise<void> {
    const { layout, isInUse } = this.#parts;
    const directory = layout.epoch(this.#request.group, epoch);
    for await (const entry of entries(directory)) {
      if (this.#request.signal.aborted) return;
      const name = parseFileName(entry.name);
      if (!entry.isFile() || name.kind === 'unknown') await this.#putAside(path.join(directory, entry.name));
      else if (name.kind === 'segment') await this.#segment(epoch, entry.name);
      else await this.#file(epoch, name);
    }
    if (epoch === this.#request.currentEpoch || isInUse(directory)) return;
    if (await isDone(rmdir(directory), 'ENOTEMPTY', 'EEXIST')) this.counts.directories += 1;
  }

  async #segment(epoch: number, name: string): Promise<void> {
    const { group } = this.#request;
    const segment = path.join(this.#parts.layout.epoch(group, epoch), name);
    const verdict = await sweepSegment(this.#parts, this.#request, { path: segment, epoch });
    if (verdict === 'needed') return;
    this.counts.segments += 1;
    if (verdict === 'unneeded') await isDone(unlink(segment));
    else await this.#orphan(epoch, name, segment);
  }

  async #file(epoch: number, { kind, job, file }: Extract<FileName, { readonly file: string }>): Promise<void> {
    const { group } = this.#request;
    const place = { epoch, file };
    const target = this.#parts.layout.document(group, place);
    if (this.#parts.isInUse(target)) return;
    const need = await needOf(this.#request, job, place);
    if (need === 'unknown') return;
    if (kind === 'document') {
      if (need === 'none') await this.#orphan(epoch, file, target);
      return;
    }
    if (need !== 'none') return this.#adopt(place, need, target);
    if (await isDone(unlink(partOf(target)))) this.counts.deleted += 1;
  }

  async #adopt({ epoch, file }: DocumentPlace, document: Checked, target: string): Promise<void> {
    const temporary = partOf(target);
    if ((await verifyDocument({ path: temporary }, document)) !== 'intact')
      return this.#orphan(epoch, partOf(file), temporary);
    await rename(temporary, target);
    await syncDirectory(path.dirname(target));
    this.#parts.usage.added(target, document.length);
    this.counts.adopted += 1;
  }

  async #orphan(epoch: number, file: string, source: string): Promise<void> {
    const { group } = this.#request;
    if (!(await moveToQuarantine(this.#parts, group, { epoch, file }, source))) return;
    this.counts.quarantined += 1;
    this.#parts.log.warn({ group, epoch, file }, 'a document that no record lists was moved to quarantine');
  }

  async #putAside(found: string): Promise<void> {
    const { layout, clock, log } = this.#parts;
    const name = unknownName(clock.wall());
    try {
      await rename(found, layout.quarantined(name));
    } catch (error) {
      // A mount point, for one, cannot be moved.
      log.warn({ err: error, found }, 'the spool holds what it does not understand; it stays where it is');
      this.counts.notUnderstood += 1;
      return;
    }
    log.warn({ found, quarantine: name }, 'the spool held what it does not understand; it was moved to quarantine');
    this.counts.notUnderstood += 1;
  }
}

/** Moves a file of ours aside; false when it was gone. */
export const moveToQuarantine = async (
  { layout, usage, clock }: ReclaimParts,
  group: string,
  place: { readonly epoch: number; readonly file: string },
  source: string,
): Promise<boolean> => {
  const target = layout.quarantined(quarantinedName(clock.wall(), group, place));
  const size = await sizeOf(source);
  if (size === undefined || !(await isDone(rename(source, target)))) return false;
  // A temporary file is not in the figures.
  if (parseFileName(path.basename(source)).kind === 'document') usage.removed(source, size);
  return true;
};

/** False when the file was gone already, or for one of `alsoFine`. */
const isDone = async (action: Promise<void>, ...alsoFine: readonly string[]): Promise<boolean> => {
  try {
    await action;
    return true;
  } catch (error) {
    const code = systemCode(error) ?? '';
    if (code === 'ENOENT' || alsoFine.includes(code)) return false;
    throw diskError(error);
  }
};
