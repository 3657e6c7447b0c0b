// Who owns a group: the record in the store, and one spell of ownership as the rest of the program sees it (DESIGN section 5).

/** `owners/<group>`: never deleted; `epoch` grows by one with each change of owner. */
export interface OwnerRecord {
  readonly version: 1;
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
