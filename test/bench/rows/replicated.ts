// Accepted jobs a second in a cluster: each on two nodes' disks and on record with three members of etcd before it is answered, all on
// this machine; the printer is paused. Once with three healthy nodes, and once while one of them stands still.

import { type Cluster, groupName, startCluster } from '../../support/cluster/cluster.js';
import { generate, wasLimit } from '../load-process.js';
import { printerName } from '../platen-node.js';
import { rounded } from '../report.js';
import { scoped } from '../scope.js';
import { documentBytes, limitNote, type Row } from './row.js';

const connections = 64;
const wantedRate = 400;
const wantedShare = 0.8;
const longestSeconds = 25;
const devicePort = 9_100;

const noDisturbance = async (): Promise<void> => undefined;

/** Stands still, and does not come back: its peers wait for it first, then write it off. */
const hangOne = async (cluster: Cluster): Promise<void> => {
  const [peer] = await cluster.others();
  await peer!.freeze('both');
};

const accept = (count: number, disturb: (cluster: Cluster) => Promise<void>) =>
  scoped(async (scope) => {
    const limits = { maxUnfinishedJobs: 1_000_000 };
    const cluster = await startCluster(scope, { devicePorts: [devicePort], fsync: true, settings: { limits } });
    await cluster.addPrinter(printerName, `socket://127.0.0.1:${devicePort}`);
    const target = { ...cluster.at('ipp', groupName), printer: printerName };
    await generate({ kind: 'pause', ...target });
    await disturb(cluster);
    const load = { kind: 'print-job', ...target, connections, bytes: documentBytes, count } as const;
    const result = await generate({ ...load, seconds: longestSeconds });
    return { rate: result.answers / result.seconds, isLimit: wasLimit(result) };
  });

const figure = (value: number) => ({ value, unit: 'jobs/s', better: 'larger' }) as const;

export const replicatedRow: Row = {
  name: 'replicated',
  measure: async ({ quick }) => {
    const { rate, isLimit } = await accept(quick ? 300 : 10_000, noDisturbance);
    return {
      row: 'replicated',
      what: 'accepted jobs/s, replicated to 2 nodes, 3 members, printers paused',
      peer: 'none does it',
      platen: figure(rate),
      wanted: `≥ ${wantedRate}`,
      met: rate >= wantedRate,
      notes: limitNote(isLimit),
    };
  },
};

export const replicatedHungRow: Row = {
  name: 'replicated-hung',
  measure: async ({ quick }) => {
    const count = quick ? 300 : 10_000;
    const healthy = await accept(count, noDisturbance);
    const hung = await accept(count, hangOne);
    return {
      row: 'replicated-hung',
      what: 'the same with one hung peer',
      peer: 'none does it',
      platen: figure(hung.rate),
      wanted: `≥ ${100 * wantedShare} % of it without`,
      met: hung.rate >= wantedShare * healthy.rate,
      notes: [`without: ${rounded(healthy.rate)} jobs/s`, ...limitNote(hung.isLimit)],
    };
  },
};
