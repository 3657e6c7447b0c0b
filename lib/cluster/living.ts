// Pure: this node's own life. A node that may have lost its ownership stops everything, and only then begins anew (DESIGN section 5).

import type { Action, Finding } from './decision.js';
import { acting, waiting } from './decision.js';
import { toOffline } from './offlining.js';
import { deathOf, localResources, ownerOf, seconds, type View } from './view.js';

const active = ['online', 'online-pending', 'failed', 'offline-pending'] as const;

/** The end of this life, step by step; undefined while it goes on. */
export const ending = (view: View): Finding | undefined => {
  const death = deathOf(view);
  if (death === undefined) return undefined;
  const groups = [...view.local.keys()];
  const actions = groups.flatMap((group): Action[] => toOffline(view, group));
  if (actions.length > 0) return acting(death, ...actions);
  const left = groups.flatMap((group) => localResources(view, group, active).map((name) => `${group}/${name}`));
  if (left.length > 0) return waiting(`${death}; ${left.join(', ')} not offline yet`);
  return acting(`${death}; a new life begins`, { do: 'begin-life' });
};

/** What the end of this life means for a group. */
export const afterEnd = (view: View, group: string): Finding => {
  const owner = ownerOf(view, group)?.record;
  const wasMine = owner?.node === view.me && owner.incarnation === view.renewal.incarnation && owner.released !== true;
  return waiting(`${wasMine ? `I gave ${group} up` : `I do not judge ${group}`}: ${deathOf(view)}`);
};

/** How well this life goes. */
export const living = (view: View): Finding => {
  const { renewal, time, timing } = view;
  if (renewal.state === 'starting') return waiting('my first renewal is not confirmed yet');
  const left = renewal.deadline - time;
  const isLate = timing.fenceAfterMs - left >= timing.renewEveryMs + timing.renewTimeoutMs;
  return waiting(
    isLate ? `cannot renew; my deadline is in ${seconds(left)}` : `my deadline is in ${seconds(left)}`,
    renewal.deadline,
  );
};
