// One segment of an earlier epoch: asks for the record of each entry, and says whether the segment is needed (R9).

import { entryName } from './layout.js';
import path from 'node:path';
import { segmentEntries } from './segment-scan.js';
import type { ReclaimParts, ReclaimRequest } from './reclaim.js';

/** `damaged`: no record names an entry, and not everything in it is understood. */
export type SegmentVerdict = 'needed' | 'unneeded' | 'damaged';

export const sweepSegment = async (
  { ledger, usage }: Pick<ReclaimParts, 'ledger' | 'usage'>,
  { findDocument, signal }: Pick<ReclaimRequest, 'findDocument' | 'signal'>,
  segment: string,
): Promise<SegmentVerdict> => {
  // An upload that began before the epoch was over still writes to it.
  if (ledger.isOpen(segment)) return 'needed';
  const name = path.basename(segment);
  const named: number[] = [];
  const unnamed: { readonly at: number; readonly length: number }[] = [];
  const entries = segmentEntries(segment);
  let step = await entries.next();
  for (; step.done !== true; step = await entries.next()) {
    if (signal.aborted) {
      await entries.return(false);
      return 'needed';
    }
    const { at, job, length } = step.value;
    if ((await findDocument(job, entryName(name, at))) === undefined) unnamed.push({ at, length });
    else named.push(at);
  }
  const isDamaged = step.value;
  if (named.length > 0) ledger.found(segment, named);
  for (const { at, length } of unnamed) if (ledger.has(segment, at)) usage.removed(entryName(segment, at), length);
  if (named.length === 0) {
    ledger.forget(segment);
    return isDamaged ? 'damaged' : 'unneeded';
  }
  for (const { at } of unnamed) await ledger.drop(segment, at);
  return 'needed';
};
