// One large job accepted: its rate beside the disk's own, and the memory that it costs.

import { startCups } from '../cups.js';
import { sequentialRate } from '../disk.js';
import { generate } from '../load-process.js';
import { memoryOf, printerName, type RunningServer, startPlaten } from '../platen-node.js';
import { rounded } from '../report.js';
import { type Scope, scoped, workFolder } from '../scope.js';
import { median, type Row, type RowOptions } from './row.js';

const MB = 1e6;
const MiB = 1 << 20;

const accepted = async ({ port }: RunningServer, bytes: number): Promise<number> => {
  const { seconds } = await generate({ kind: 'large-job', port, printer: printerName, bytes });
  return bytes / seconds;
};

const paused = async (scope: Scope, start: (scope: Scope) => Promise<RunningServer>): Promise<RunningServer> => {
  const server = await start(scope);
  await generate({ kind: 'pause', port: server.port, printer: printerName });
  return server;
};

interface Measured {
  /** Octets a second. */
  readonly platen: number;
  readonly disk: number;
  /** Of the pairs, one after the other: what else the disk has to do changes. */
  readonly share: number;
  readonly growth: number;
}

const measurePlaten = (bytes: number, rounds: number): Promise<Measured> =>
  scoped(async (scope) => {
    const folder = await workFolder(scope);
    const server = await paused(scope, startPlaten);
    // What every first job costs is no growth.
    await accepted(server, MiB);
    const before = await memoryOf(server.pid, 'VmRSS');
    const pairs: { disk: number; platen: number }[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const disk = await sequentialRate(folder, bytes);
      pairs.push({ disk, platen: await accepted(server, bytes) });
    }
    return {
      platen: median(pairs.map(({ platen }) => platen)),
      disk: median(pairs.map(({ disk }) => disk)),
      share: median(pairs.map(({ platen, disk }) => platen / disk)),
      growth: (await memoryOf(server.pid, 'VmHWM')) - before,
    };
  });

const measureCups = (bytes: number, rounds: number): Promise<number> =>
  scoped(async (scope) => {
    const server = await paused(scope, startCups);
    const rates: number[] = [];
    for (let round = 0; round < rounds; round += 1) rates.push(await accepted(server, bytes));
    return median(rates);
  });

const figure = (rate: number) => ({ value: rate / MB, unit: 'MB/s', better: 'larger' }) as const;

export const largeJobRow: Row = {
  name: 'large-job',
  measure: async ({ quick, withoutPeer }: RowOptions) => {
    const bytes = (quick ? 16 : 512) * MiB;
    const rounds = quick ? 1 : 5;
    const { platen, disk, share, growth } = await measurePlaten(bytes, rounds);
    return {
      row: 'large-job',
      what: `one job of ${bytes / MiB} MiB, accepted`,
      peer: withoutPeer ?? figure(await measureCups(bytes, rounds)),
      platen: figure(platen),
      wanted: '≥ 80 % of the disk; memory grows < 64 MiB',
      met: share >= 0.8 && growth < 64 * MiB,
      notes: [
        `the disk writes and syncs ${rounded(disk / MB)} MB/s; Platen reaches ${rounded(100 * share)} % of it`,
        `the server's memory grew by ${rounded(growth / MiB)} MiB`,
      ],
    };
  },
};
