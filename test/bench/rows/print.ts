// Jobs a second through one raw printer, from the first request to the last octet at the printer.

import { startCups } from '../cups.js';
import { generate } from '../load-process.js';
import { printerName, processorSeconds, type RunningServer, startPlaten } from '../platen-node.js';
import { rounded } from '../report.js';
import { type Scope, scoped } from '../scope.js';
import { startSink } from '../sink.js';
import { documentBytes, type Row, type RowOptions } from './row.js';

const connections = 8;

type Start = (scope: Scope, options: { devicePort: number }) => Promise<RunningServer>;

interface Measured {
  readonly rate: number;
  readonly processorMs: number;
}

const printed = (start: Start, documents: number): Promise<Measured> =>
  scoped(async (scope) => {
    const sink = await startSink(scope);
    const server = await start(scope, { devicePort: sink.port });
    const target = { port: server.port, printer: printerName, connections, bytes: documentBytes };
    const batch = async (count: number): Promise<void> => {
      const arrived = sink.expect(count, documentBytes);
      await Promise.all([generate({ kind: 'print-job', ...target, count }), arrived]);
    };
    await batch(Math.ceil(documents / 10));
    const before = await processorSeconds(server.pid);
    const started = performance.now();
    await batch(documents);
    const rate = documents / ((performance.now() - started) / 1000);
    return { rate, processorMs: (1000 * ((await processorSeconds(server.pid)) - before)) / documents };
  });

const figure = (value: number) => ({ value, unit: 'jobs/s', better: 'larger' }) as const;

export const printRow: Row = {
  name: 'print',
  measure: async ({ quick, withoutPeer }: RowOptions) => {
    const { rate, processorMs } = await printed(startPlaten, quick ? 100 : 3_000);
    const platen = figure(rate);
    const peer = withoutPeer ?? figure((await printed(startCups, quick ? 10 : 200)).rate);
    const beatsPeer = typeof peer === 'string' || platen.value >= 5 * peer.value;
    return {
      row: 'print',
      what: 'jobs/s through one raw printer, 10 KB, end to end',
      peer,
      platen,
      wanted: '≥ 400/s, ≥ 5 × the peer',
      met: platen.value >= 400 && beatsPeer,
      notes: [`${rounded(processorMs)} ms of processor time a job, taken and printed`],
    };
  },
};
