// What the cluster tells operators of, as events with stable codes.

import type { EventCode } from '../model/event.js';
import type { Changes } from './change-watch.js';

export interface NewsSink {
  note(code: EventCode, fields: { readonly group?: string; readonly text: string }): void;
}

export const noteNews = (sink: NewsSink | undefined, { taken, fenced }: Changes): void => {
  for (const { node, because } of fenced) sink?.note('node-fenced', { text: `${node}: ${because}` });
  for (const { group, epoch, node, from, how, because } of taken) {
    const whence = from === undefined || from === node ? '' : ` from ${from}`;
    sink?.note('owner-changed', { group, text: `${how}${whence} by ${node} at epoch ${epoch}: ${because}` });
  }
};
