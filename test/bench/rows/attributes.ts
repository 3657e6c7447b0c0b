// Get-Printer-Attributes a second, the full answer.

import { startCups } from '../cups.js';
import { generate, wasLimit } from '../load-process.js';
import { printerName, type RunningServer, startPlaten } from '../platen-node.js';
import { type Scope, scoped } from '../scope.js';
import { limitNote, type Row, type RowOptions } from './row.js';

const connections = 8;

const answered = (start: (scope: Scope) => Promise<RunningServer>, seconds: number) =>
  scoped(async (scope) => {
    const { port } = await start(scope);
    return generate({ kind: 'get-printer-attributes', port, printer: printerName, connections, bytes: 0, seconds });
  });

const figure = (value: number) => ({ value, unit: 'requests/s', better: 'larger' }) as const;

export const attributesRow: Row = {
  name: 'attributes',
  measure: async ({ quick, withoutPeer }: RowOptions) => {
    const seconds = quick ? 0.5 : 5;
    const platen = await answered((scope) => startPlaten(scope), seconds);
    const peer = withoutPeer === undefined ? await answered((scope) => startCups(scope), seconds) : undefined;
    const rate = platen.answers / platen.seconds;
    return {
      row: 'attributes',
      what: 'Get-Printer-Attributes/s, full answer, 8 connections',
      peer: peer === undefined ? (withoutPeer ?? '') : figure(peer.answers / peer.seconds),
      platen: figure(rate),
      wanted: '≥ 8000/s',
      met: rate >= 8000,
      notes: limitNote(wasLimit(platen)),
    };
  },
};
