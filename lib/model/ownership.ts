// Who owns a group: the record in the store, and one spell of ownership as the rest of the program sees it (DESIGN section 5).

import { recordVersions } from './versions.js';

/** `owners/<group>`: never deleted; `epoch` grows by one with each change of owner. */
export interface OwnerRecord {
  readonly version: number;
  readonly node: string;
  /** One life of a worker: 128 random bits, in hexadecimal. */
  readonly incarnation: string;
  readonly epoch: number;
  /** Present: given up; whoever may own the group claims it. */
  readonly released?: true;
  /** How the group came to this owner; absent: it was claimed. */
  readonly how?: OwnerChange;
  /** Why, in words for operators. */
  readonly because?: string;
  /** Wall clock of the fail-overs that failing resources caused, the newest last (R34). */
  readonly failovers?: readonly number[];
}

/** What an owner record says of one ownership alone; everything else goes on from owner to owner, also what this build does not know. */
const ofOneOwnership: readonly string[] = ['released', 'how', 'because'] satisfies readonly (keyof OwnerRecord)[];

/** The record of the owner that comes after `last`. */
export const nextOwner = (
  last: OwnerRecord | undefined,
  owner: Omit<OwnerRecord, 'version' | 'epoch' | 'released'>,
): OwnerRecord => {
  const kept = Object.fromEntries(Object.entries(last ?? {}).filter(([key]) => !ofOneOwnership.includes(key)));
  return { ...kept, ...owner, version: recordVersions.owner, epoch: (last?.epoch ?? 0) + 1 };
};

/** Hand-overs: asked for, because the node is drained or stops, back to a better owner, away from a failing resource. */
export type OwnerChange = 'moved' | 'drained' | 'failed-back' | 'failed-over';

/** This node's ownership of one group at one epoch. Every write for the group compares `revision` of `owners/<group>`. */
export interface Tenure {
  readonly group: string;
  readonly epoch: number;
  readonly node: string;
  /** Modification revision of `owners/<group>` that made us owner. */
  readonly revision: number;
  /** Asked before each outward act; false for ever once it was false. */
  holds(): boolean;
}
