// From exec to `ready` with a long history and many printers.

import { cp } from 'node:fs/promises';
import path from 'node:path';
import { seededState } from '../history.js';
import { processorSeconds, startPlaten } from '../platen-node.js';
import { rounded } from '../report.js';
import { scoped, workFolder } from '../scope.js';
import { median, type Row, type RowOptions } from './row.js';

export const startRow: Row = {
  name: 'start',
  measure: async ({ quick }: RowOptions) => {
    const size = quick ? { jobs: 1_000, printers: 50 } : { jobs: 140_000, printers: 6_000 };
    const seeded = await seededState(size);
    const times: number[] = [];
    const used: number[] = [];
    for (let round = 0; round < (quick ? 1 : 3); round += 1)
      await scoped(async (scope) => {
        const state = path.join(await workFolder(scope), 'state');
        await cp(seeded, state, { recursive: true });
        const node = await startPlaten(scope, { state });
        times.push(node.startMs / 1000);
        used.push(await processorSeconds(node.pid));
      });
    const value = median(times);
    return {
      row: 'start',
      what: `start with ${size.jobs} finished jobs and ${size.printers} printers`,
      peer: 'not measured',
      platen: { value, unit: 's', better: 'smaller' },
      wanted: '≤ 3 s',
      met: value <= 3,
      notes: [`${rounded(median(used))} s of processor time until then`],
    };
  },
};
