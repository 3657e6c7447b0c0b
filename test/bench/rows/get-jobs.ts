// Get-Jobs over many waiting jobs as `lpstat -o` asks for it, and how long others wait meanwhile.

import { startCups } from '../cups.js';
import type { LoadResult } from '../load.js';
import { generate } from '../load-process.js';
import { printerName, type RunningServer, startPlaten } from '../platen-node.js';
import { rounded } from '../report.js';
import { type Scope, scoped } from '../scope.js';
import { median, type Row, type RowOptions } from './row.js';

const asked = (start: (scope: Scope) => Promise<RunningServer>, jobs: number, times: number): Promise<LoadResult[]> =>
  scoped(async (scope) => {
    const { port } = await start(scope);
    const target = { port, printer: printerName };
    await generate({ kind: 'pause', ...target });
    await generate({ kind: 'print-job', ...target, connections: 16, bytes: 1, count: jobs });
    const results: LoadResult[] = [];
    for (let time = 0; time < times; time += 1) {
      const result = await generate({ kind: 'get-jobs', ...target });
      if (result.jobs !== jobs) throw new Error(`the answer holds ${result.jobs} jobs instead of ${jobs}`);
      results.push(result);
    }
    return results;
  });

const figure = (results: readonly LoadResult[]) =>
  ({ value: median(results.map(({ seconds }) => seconds)), unit: 's', better: 'smaller' }) as const;
const longestWait = (results: readonly LoadResult[]): number =>
  median(results.map(({ longestWaitMs }) => longestWaitMs ?? 0));

export const getJobsRow: Row = {
  name: 'get-jobs',
  measure: async ({ quick, withoutPeer }: RowOptions) => {
    const jobs = quick ? 200 : 10_000;
    const platen = await asked((scope) => startPlaten(scope), jobs, quick ? 1 : 9);
    const peer =
      withoutPeer === undefined ? await asked((scope) => startCups(scope, { durable: false }), jobs, 1) : undefined;
    const wait = longestWait(platen);
    const peerWait = peer === undefined ? '' : `; at the peer ${rounded(longestWait(peer))} ms`;
    return {
      row: 'get-jobs',
      what: `Get-Jobs over ${jobs} jobs, as lpstat -o asks`,
      peer: peer === undefined ? (withoutPeer ?? '') : figure(peer),
      platen: figure(platen),
      wanted: '≤ 0.3 s, nobody else waits longer than 20 ms',
      met: figure(platen).value <= 0.3 && wait <= 20,
      notes: [`the longest wait of a small request meanwhile: ${rounded(wait)} ms${peerWait}`],
    };
  },
};
