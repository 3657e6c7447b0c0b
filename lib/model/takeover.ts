// A change of owner on record, for operators: who, why, and how long each stage took (`history/<group>/<epoch>`).

import type { OwnerChange } from './ownership.js';

export interface TakeoverRecord {
  readonly version: 1;
  readonly group: string;
  readonly epoch: number;
  /** The new owner, which writes this. */
  readonly node: string;
  /** The owner before; absent: there was none. */
  readonly from?: string;
  readonly how: 'claimed' | OwnerChange;
  readonly because: string;
  readonly stages: TakeoverStages;
}

/** Moments by the new owner's wall clock, ms since 1970; absent: it did not happen, or was not seen. */
export interface TakeoverStages {
  /** When the owner before was last heard of before it was fenced. */
  readonly silentSince?: number;
  readonly fenced?: { readonly at: number; readonly by: string };
  readonly claimed: number;
  readonly addressUp?: number;
  readonly accepting?: number;
  readonly firstByte?: number;
}
