// The latest epoch of each group that documents come in for: of groups that the node owns, and of those that it holds copies for.

import { PlatenError } from '../errors.js';
import { ensureDirectory, syncDirectory } from '../platform/durable-file.js';
import { throwDiskError } from './disk-error.js';
import type { Layout } from './layout.js';
import { OpenEpoch } from './open-epoch.js';
import type { SegmentLedger } from './segment-ledger.js';

interface EpochHere {
  readonly epoch: number;
  /** Absent when no document of this epoch came in here yet. */
  readonly opening?: Promise<OpenEpoch>;
  /** Set when it is open. */
  open?: OpenEpoch;
}

interface Parts {
  readonly layout: Layout;
  readonly ledger: SegmentLedger;
  /** Gets the directories that uploads need, though their epoch may be over. */
  readonly inUse: Set<string>;
}

const epochOver = (group: string, epoch: number): PlatenError =>
  new PlatenError('not-owner', `epoch ${epoch} of ${group} is over`);

const letGo = async (here: EpochHere | undefined): Promise<void> => {
  const opened = await here?.opening?.catch(() => undefined);
  await opened?.letGo();
};

export class Epochs {
  readonly #parts: Parts;
  readonly #here = new Map<string, EpochHere>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Makes the epoch's directory durably. Throws `not-owner` when a later one is known, else as the disk does. */
  async open(group: string, epoch: number): Promise<void> {
    const path = this.#parts.layout.epoch(group, epoch);
    const before = this.#here.get(group);
    if (before?.epoch === epoch && before.opening !== undefined) {
      await before.opening;
      return;
    }
    if (before !== undefined && before.epoch > epoch) throw epochOver(group, epoch);
    const opening = this.#make(group, path).catch(throwDiskError);
    const here: EpochHere = { epoch, opening };
    this.#here.set(group, here);
    try {
      here.open = await opening;
    } catch (error) {
      // Uploads of the epoch before may still be under way.
      if (this.#here.get(group) === here) this.#restore(group, before);
      throw error;
    }
    await letGo(before);
  }

  /** Throws `not-owner` when the epoch is over. */
  of(group: string, epoch: number): OpenEpoch {
    const here = this.#here.get(group);
    if (here !== undefined && here.epoch > epoch) throw epochOver(group, epoch);
    if (here?.epoch !== epoch || here.open === undefined)
      throw new Error(`epoch ${epoch} of ${group} is not open in the spool`);
    return here.open;
  }

  latest(group: string): OpenEpoch | undefined {
    return this.#here.get(group)?.open;
  }

  /** Uploads of an earlier epoch may end, but none begins. */
  async endBefore(group: string, epoch: number): Promise<void> {
    const here = this.#here.get(group);
    if (here === undefined || here.epoch >= epoch) return;
    this.#here.set(group, { epoch });
    await letGo(here);
  }

  async close(): Promise<void> {
    const all = [...this.#here.values()];
    this.#here.clear();
    for (const one of all) await letGo(one);
  }

  #restore(group: string, before: EpochHere | undefined): void {
    if (before === undefined) this.#here.delete(group);
    else this.#here.set(group, before);
  }

  async #make(group: string, path: string): Promise<OpenEpoch> {
    const { layout, ledger, inUse } = this.#parts;
    inUse.add(path);
    try {
      await ensureDirectory(path);
      // An earlier life may have made them and died before it synced.
      await syncDirectory(layout.documents);
      await syncDirectory(layout.group(group));
      return await OpenEpoch.open(path, ledger, () => inUse.delete(path));
    } catch (error) {
      inUse.delete(path);
      throw error;
    }
  }
}
