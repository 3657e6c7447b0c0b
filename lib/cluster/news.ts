// What the cluster tells operators of, as events with stable codes.

import type { EventCode } from '../model/event.js';
import type { NodeRecord } from '../model/cluster.js';
import type { Changes } from './change-watch.js';
import { localResources, seconds, type View } from './view.js';

export interface NewsSink {
  /** `at`: wall clock, where it is not now. */
  note(code: EventCode, fields: { readonly group?: string; readonly text: string; readonly at?: number }): void;
}

export const noteNews = (sink: NewsSink | undefined, { taken, fenced }: Changes): void => {
  for (const { node, because } of fenced) sink?.note('node-fenced', { text: `${node}: ${because}` });
  for (const { group, epoch, node, from, how, because } of taken) {
    const whence = from === undefined || from === node ? '' : ` from ${from}`;
    sink?.note('owner-changed', { group, text: `${how}${whence} by ${node} at epoch ${epoch}: ${because}` });
  }
};

const up = ['online', 'online-pending', 'failed'] as const;

/** The end of a life that owned something. */
export const noteGivenUp = (sink: NewsSink | undefined, view: View, because: string): void => {
  const groups = [...view.local.keys()].filter((group) => localResources(view, group, up).length > 0).toSorted();
  if (groups.length > 0) sink?.note('groups-given-up', { text: `${groups.join(', ')}: ${because}` });
};

/** A silence can be written down only when it is over. */
export const noteStoreBack = (
  sink: NewsSink | undefined,
  { since, forMs }: { readonly since: number; readonly forMs: number },
): void => {
  sink?.note('store-unreachable', { at: since, text: `for ${seconds(forMs)}` });
  sink?.note('store-back', { text: `after ${seconds(forMs)}` });
};

/** The life before was written off by this node's own supervisor: the new life is the first that can tell. */
export const noteOwnFence = (
  sink: NewsSink | undefined,
  node: string,
  before: NodeRecord | undefined,
  orderlyEnd: string,
): void => {
  const fence = before?.fenced;
  if (fence?.by === node && fence.because !== orderlyEnd)
    sink?.note('node-fenced', { text: `${node}, by its own supervisor: ${fence.because}` });
};
