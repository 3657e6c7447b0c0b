// Pure: bringing a group to rest without cutting anyone short: no further job, the document being sent ends, then the uploads (P6, R35).

import type { Finding } from './decision.js';
import { acting, waiting } from './decision.js';
import { groupRecord, limitsOf, localResources, seconds, type View } from './view.js';

/** The next step to rest; undefined when the group is at rest. */
export const quieting = (view: View, group: string, { cutOff }: { cutOff: boolean }): Finding | undefined => {
  const local = view.local.get(group);
  const up = localResources(view, group, ['online', 'online-pending', 'failed']);
  if (local === undefined || up.length === 0) return undefined;
  const { sending, uploads, heldSince, closedSince } = local;
  const { jobCompletionTimeoutMs, uploadGraceMs } = limitsOf(groupRecord(view, group));
  if (heldSince === undefined) return acting('no further job is started', { do: 'hold', group });
  if (sending.length > 0) {
    const waited = view.time - heldSince;
    if (cutOff) return acting(`${sending.join(', ')} cut off as asked`, { do: 'cut-off', group });
    if (waited >= jobCompletionTimeoutMs)
      return acting(`${sending.join(', ')} cut off after ${seconds(waited)}`, { do: 'cut-off', group });
    const of = `${seconds(waited)} of ${seconds(jobCompletionTimeoutMs)}`;
    return waiting(`waiting for ${sending.join(', ')} for ${of}`, heldSince + jobCompletionTimeoutMs);
  }
  if (closedSince === undefined) return acting('nothing is being sent any more', { do: 'close', group });
  const grace = closedSince + uploadGraceMs;
  if (uploads > 0 && !cutOff && view.time < grace)
    return waiting(
      `waiting for ${uploads} uploads for ${seconds(view.time - closedSince)} of ${seconds(uploadGraceMs)}`,
      grace,
    );
  return undefined;
};
