// Accepted jobs a second: durable when answered; the printer is paused, so that nothing else is measured. Both take the same number of
// jobs, because a server may become slower the more of them wait; a slow one is spared the rest.

import { startCups } from '../cups.js';
import { createRate } from '../disk.js';
import { generate, wasLimit } from '../load-process.js';
import { printerName, processorSeconds, type RunningServer, startPlaten } from '../platen-node.js';
import { rounded } from '../report.js';
import { type Scope, scoped, workFolder } from '../scope.js';
import { documentBytes, limitNote, type Row, type RowOptions } from './row.js';

const longestSeconds = 25;

interface Measured {
  readonly rate: number;
  readonly isLimit: boolean;
  readonly processorMs: number;
}

const accept = async (server: RunningServer, connections: number, count: number): Promise<Measured> => {
  await generate({ kind: 'pause', port: server.port, printer: printerName });
  const target = { port: server.port, printer: printerName, connections, bytes: documentBytes };
  const before = await processorSeconds(server.pid);
  const result = await generate({ kind: 'print-job', ...target, count, seconds: longestSeconds });
  const used = (await processorSeconds(server.pid)) - before;
  return {
    rate: result.answers / result.seconds,
    isLimit: wasLimit(result),
    processorMs: (1000 * used) / result.answers,
  };
};

const measureOne = (start: (scope: Scope) => Promise<RunningServer>, connections: number, count: number) =>
  scoped(async (scope) => accept(await start(scope), connections, count));

const figure = (value: number) => ({ value, unit: 'jobs/s', better: 'larger' }) as const;

export const acceptRow = (connections: number): Row => ({
  name: `accept-${connections}`,
  measure: async ({ quick, withoutPeer }: RowOptions) => {
    const count = quick ? 300 : 10_000;
    const disk = await scoped(async (scope) =>
      createRate(await workFolder(scope), { bytes: documentBytes, atOnce: connections, seconds: quick ? 0.3 : 3 }),
    );
    const platen = await measureOne((scope) => startPlaten(scope), connections, count);
    const peer = withoutPeer ?? figure((await measureOne((scope) => startCups(scope), connections, count)).rate);
    const isFast = platen.rate >= Math.min(1000, disk / 2);
    const beatsPeer = typeof peer === 'string' || platen.rate >= 5 * peer.value;
    return {
      row: `accept-${connections}`,
      what: `accepted jobs/s, 10 KB, ${connections} connections, durable`,
      peer,
      platen: figure(platen.rate),
      wanted: '≥ 5 × the peer, and ≥ 1000/s or half of the disk',
      met: isFast && beatsPeer,
      notes: [
        `the disk creates, syncs, renames and syncs ${rounded(disk)} files/s, ${connections} at once`,
        `${rounded(platen.processorMs)} ms of processor time a job`,
        ...limitNote(platen.isLimit),
      ],
    };
  },
});
