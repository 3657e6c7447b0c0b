// Pure: why a group of ours should be on another node, and the way there. Order of reasons: asked for, stop, drain, failing, fail-back.

import type { OwnerChange, OwnerRecord } from '../model/ownership.js';
import { candidatesFor, hindrance } from './candidates.js';
import { failing } from './failing.js';
import { failback } from './failback.js';
import { unreadable } from './readable.js';
import { groupRecord, type View } from './view.js';

export interface Plan {
  readonly to: string;
  readonly how: OwnerChange;
  /** Waits for no document. */
  readonly cutOff: boolean;
  readonly because: string;
}

/** A plan that cannot be carried out, and why. */
export interface NoPlan {
  readonly because: string;
}

const best = (view: View, group: string): string | undefined =>
  candidatesFor(view, group).find((node) => node !== view.me);

const toBest = (view: View, group: string, plan: Omit<Plan, 'to'>): Plan | NoPlan => {
  const to = best(view, group);
  return to === undefined ? { because: `${plan.because}, but no other node can take ${group}` } : { ...plan, to };
};

const asked = (view: View, group: string, owner: OwnerRecord): Plan | NoPlan | undefined => {
  const move = groupRecord(view, group)?.move;
  if (move === undefined || move.epoch !== owner.epoch || move.to === view.me) return undefined;
  const hindered = hindrance(view, group, move.to);
  if (hindered !== undefined) return { because: `asked to move to ${move.to}, but ${hindered}` };
  return { to: move.to, how: 'moved', cutOff: move.now === true, because: `asked to move to ${move.to}` };
};

/** What does not wait for a better time: the node stops, is drained, or a resource keeps failing. */
const forced = (view: View, group: string, owner: OwnerRecord): Plan | NoPlan | undefined => {
  if (view.stopping) return toBest(view, group, { how: 'drained', cutOff: false, because: 'this node stops' });
  if (view.observed.cluster?.record.paused?.includes(view.me))
    return toBest(view, group, { how: 'drained', cutOff: false, because: 'this node is drained' });
  const fault = unreadable(view.observed, group);
  if (fault !== undefined) return toBest(view, group, { how: 'drained', cutOff: false, because: fault });
  const failed = failing(view, group, owner);
  return failed === undefined
    ? undefined
    : toBest(view, group, { how: 'failed-over', cutOff: true, because: `${failed.name} keeps failing here` });
};

/** Where the group should go; undefined when it should stay. A wish that cannot be carried out stands in the way of no need. */
export const leaving = (view: View, group: string, owner: OwnerRecord): Plan | NoPlan | undefined => {
  const move = asked(view, group, owner);
  if (move !== undefined && 'to' in move) return move;
  const need = forced(view, group, owner) ?? move;
  if (need !== undefined) return need;
  const better = failback(view, group, owner);
  return better === undefined
    ? undefined
    : { to: better, how: 'failed-back', cutOff: false, because: `${better} is preferred and back` };
};
