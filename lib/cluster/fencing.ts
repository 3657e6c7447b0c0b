// Pure: when a silent node is declared dead. The fence compares exactly the revision whose silence was timed (R27).

import type { Finding } from './decision.js';
import { acting, waiting } from './decision.js';
import { probeMs } from './probing.js';
import { isWatchFresh, seconds, silenceOf, type View } from './view.js';

/** What to do about another node; undefined while it is heard of, or known to be dead. */
export const fencing = (view: View, node: string): Finding | undefined => {
  const seen = view.observed.nodes.get(node);
  const silence = silenceOf(view, node);
  if (seen === undefined || silence === undefined || seen.record.fenced !== undefined) return undefined;
  const { time, timing } = view;
  if (silence < timing.renewEveryMs + timing.renewTimeoutMs)
    return { actions: [], because: `${node} is alive`, lookAgainAt: seen.heardAt + timing.takeoverAfterMs - probeMs };
  if (!isWatchFresh(view)) return waiting('my own renewals do not come back; I cannot judge others');
  if (silence >= timing.takeoverAfterMs) {
    const because = `${node} was silent for ${seconds(silence)}`;
    return acting(because, { do: 'fence', node, revision: seen.revision, record: seen.record, because });
  }
  const left = timing.takeoverAfterMs - silence;
  return waiting(
    `${node} was silent for ${seconds(silence)} of ${seconds(timing.takeoverAfterMs)}; look again in ${seconds(left)}`,
    time + (left > probeMs ? left - probeMs : left),
  );
};
