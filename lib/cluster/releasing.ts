// Pure: giving a group up when nobody is there to hand it to: the group was removed, or this node stops alone.

import type { OwnerRecord } from '../model/ownership.js';
import type { Finding } from './decision.js';
import { acting, waiting } from './decision.js';
import type { Seen } from './observed.js';
import { toOffline } from './offlining.js';
import { quieting } from './quieting.js';
import { localResources, type View } from './view.js';

/** The next step; the record is released when nothing of the group is up here. */
export const releasing = (view: View, group: string, owner: Seen<OwnerRecord>, because: string): Finding => {
  const quiet = quieting(view, group, { cutOff: false });
  if (quiet !== undefined) return { ...quiet, because: `${because}; ${quiet.because}` };
  const actions = toOffline(view, group);
  if (actions.length > 0) return acting(because, ...actions);
  if (localResources(view, group, ['offline-pending']).length > 0) return waiting(`${because}; it is going offline`);
  return acting(because, {
    do: 'release',
    group,
    revision: owner.revision,
    record: { ...owner.record, released: true },
  });
};
