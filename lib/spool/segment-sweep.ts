// One segment of an earlier epoch: asks for the record of each entry, and says whether the segment is needed (R9).

import { entryName } from './layout.js';
import path from 'node:path';
import { segmentEntries } from './segment-scan.js';
import { needOf } from './need.js';
import type { ReclaimParts, ReclaimRequest } from './reclaim.js';

/** `damaged`: no record names an entry, and not everything in it is understood. */
export type SegmentVerdict = 'needed' | 'unneeded' | 'damaged';

export const sweepSegment = async (
  { ledger, usage }: Pick<ReclaimParts, 'ledger' | 'usage'>,
  request: ReclaimRequest,
  { path: segment, epoch }: { readonly path: string; readonly epoch: number },
): Promise<SegmentVerdict> => {
  const isOpen = ledger.isOpen(segment);
  // An upload that began before the epoch was over still writes to it.
  if (isOpen && epoch < request.currentEpoch) return 'needed';
  const name = path.basename(segment);
  const kept: number[] = [];
  const unneeded: { readonly at: number; readonly length: number }[] = [];
  const entries = segmentEntries(segment);
  let step = await entries.next();
  for (; step.done !== true; step = await entries.next()) {
    if (request.signal.aborted) {
      await entries.return(false);
      return 'needed';
    }
    const { at, job, length } = step.value;
    // Given up before, or not durable yet.
    if (ledger.knows(segment) && !ledger.has(segment, at)) continue;
    const need = await needOf(request, job, { epoch, file: entryName(name, at) });
    if (need === 'none') unneeded.push({ at, length });
    else kept.push(at);
  }
  const isDamaged = step.value;
  if (kept.length > 0) ledger.found(segment, kept);
  for (const { at, length } of unneeded) if (ledger.has(segment, at)) usage.removed(entryName(segment, at), length);
  if (kept.length === 0 && !isOpen) {
    ledger.forget(segment);
    return isDamaged ? 'damaged' : 'unneeded';
  }
  for (const { at } of unneeded) await ledger.drop(segment, at);
  return 'needed';
};
