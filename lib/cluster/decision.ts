// Pure: what a decision is made of. Actions are carried out elsewhere; they are idempotent and may fail: the next look repairs it.

import type { NodeRecord } from '../model/cluster.js';
import type { OwnerRecord } from '../model/ownership.js';

export type Action =
  /** Start a new incarnation, owning nothing. */
  | { readonly do: 'begin-life' }
  /** Write that this node's incarnation is dead, if its record is still at that revision. */
  | {
      readonly do: 'fence';
      readonly node: string;
      readonly revision: number;
      readonly record: NodeRecord;
      readonly because: string;
    }
  /** Put this owner record, if the one in the store is still at that revision (0: absent). */
  | OwnerAction
  /** Bring these online one after the other. */
  | {
      readonly do: 'online';
      readonly group: string;
      readonly resources: readonly string[];
      readonly epoch: number;
      readonly revision: number;
    }
  /** Take these offline one after the other, at once; each is offline when nothing of it is left. */
  | { readonly do: 'offline'; readonly group: string; readonly resources: readonly string[] }
  /** Start no further job; go on accepting. */
  | { readonly do: 'hold'; readonly group: string }
  /** Cut off the documents that are being sent. */
  | { readonly do: 'cut-off'; readonly group: string }
  /** Serve no further connection; close idle ones in order. */
  | { readonly do: 'close'; readonly group: string }
  /** Undo hold and close. */
  | { readonly do: 'resume'; readonly group: string };

/** claim: become owner. hand-over: make another node owner. release: nobody's. settle: as it was, so that it is known what became of the write before. */
export interface OwnerAction {
  readonly do: 'claim' | 'hand-over' | 'release' | 'settle';
  readonly group: string;
  readonly revision: number;
  readonly record: OwnerRecord;
}

/** What one rule found out about one subject. */
export interface Finding {
  readonly actions: readonly Action[];
  /** One sentence that says why, for operators. */
  readonly because: string;
  /** Own monotonic time at which the answer may change by itself. */
  readonly lookAgainAt?: number;
}

export interface Reason {
  /** A group, or a node. */
  readonly about: string;
  readonly text: string;
}

export interface Decision {
  readonly actions: readonly Action[];
  readonly because: readonly Reason[];
  readonly lookAgainAt: number | undefined;
}

export const waiting = (because: string, lookAgainAt?: number): Finding => ({
  actions: [],
  because,
  ...(lookAgainAt === undefined ? {} : { lookAgainAt }),
});

export const acting = (because: string, ...actions: readonly Action[]): Finding => ({ actions, because });
