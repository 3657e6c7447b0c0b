// Pure: who takes a free group. It is a preference only: the claim's compare decides (DESIGN section 5).

import { nextOwner } from '../model/ownership.js';
import { candidatesFor, hindrance } from './candidates.js';
import type { Finding } from './decision.js';
import { acting, waiting } from './decision.js';
import { isWatchFresh, ownerOf, seconds, type Freedom, type View } from './view.js';

/** A free group, seen from here. */
export const claiming = (view: View, group: string, freedom: Freedom): Finding => {
  const { me, time, timing } = view;
  if (view.renewal.state !== 'live') return waiting(`${freedom.because}; I am not alive yet`);
  if (!isWatchFresh(view)) return waiting('my own renewals do not come back; I cannot judge others');
  const hindered = hindrance(view, group, me);
  if (hindered !== undefined) return waiting(`${freedom.because}, but ${hindered}`);
  const candidates = candidatesFor(view, group);
  const rank = candidates.indexOf(me);
  const due = freedom.since + rank * timing.staggerMs;
  const before = candidates.slice(0, rank).join(' and ');
  if (time < due)
    return waiting(`${before} ${rank > 1 ? 'are' : 'is'} before me; look again in ${seconds(due - time)}`, due);
  const why = rank === 0 ? 'I am first of those alive' : `${before} did not take it`;
  const because = `${freedom.because} and ${why}`;
  const last = ownerOf(view, group)?.record;
  const record = nextOwner(last, { node: me, incarnation: view.renewal.incarnation, because });
  return acting(because, { do: 'claim', group, revision: freedom.revision, record });
};
