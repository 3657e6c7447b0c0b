// One run in which the power of the owner, or of every machine, is cut under load: their disks are found as the last sync left them.

import path from 'node:path';
import { Fleet } from '../campaign/fleet.js';
import { withoutAnswers } from '../campaign/ledger.js';
import { startPrinters } from '../campaign/printers.js';
import type { TestScope } from '../peers.js';
import { type Disk, makeImage, mountImage } from '../power-cut.js';
import { temporaryDirectory } from '../temporary.js';
import { startCluster } from './cluster.js';
import { interruptedAt } from './interrupted.js';
import { endInOrder, lastLook, settled, type TakeoverResult } from './takeover-run.js';

const names = ['a', 'b', 'c'];
const acknowledgements = 60;

export const powerCutRun = async (
  scope: TestScope,
  { seed, run, which }: { readonly seed: string; readonly run: number; readonly which: 'owner' | 'all' },
): Promise<Omit<TakeoverResult, 'shown'>> => {
  const directory = await temporaryDirectory(scope);
  const image = (name: string, copy: string): string => path.join(directory, `${name}.${copy}.img`);
  const disks = new Map<string, Disk>();
  scope.teardown(async () => {
    for (const disk of disks.values()) await disk.unmount();
  });
  for (const name of names) {
    await makeImage(image(name, 'before'));
    disks.set(name, await mountImage(image(name, 'before'), path.join(directory, name)));
  }
  const printers = await startPrinters(path.join(directory, 'paper'));
  scope.teardown(() => printers.close());
  const cluster = await startCluster(scope, {
    nodes: names,
    fsync: true,
    disks: names.map((name) => disks.get(name)!.folder),
    settings: { jobs: { multipleOperationTimeoutMs: 1_500 } },
    devicePorts: printers.ports,
  });
  for (const [name, uri] of Object.entries(printers.devices))
    await cluster.addPrinter(name, uri, { maxAttempts: 1_000, device: { confirmAfterMs: 60 } });
  const { host, port } = cluster.at('ipp');
  const over = new AbortController();
  scope.teardown(() => over.abort());
  const fleet = new Fleet({
    seed: `${seed}-${run}`,
    jobsPerClient: 1_000,
    signal: over.signal,
    reachable: async () => ({ host, ipp: port, lpd: cluster.at('lpd').port }),
    onAcknowledged: () => undefined,
    polite: true,
  });
  const load = fleet.run();
  await fleet.acknowledgements(acknowledgements + (run % 7));

  const owner = (await cluster.owner())!;
  const cut = cluster.nodes.filter(({ name }) => which === 'all' || name === owner.node);
  const members = cut.map((node) => cluster.etcd.members[cluster.nodes.indexOf(node)]!);
  // The ledger is older than the copies: nothing that it holds may be missing from the disks.
  const ledger = structuredClone(fleet.jobs);
  const at = Date.now();
  await Promise.all([...cut.map((node) => node.freeze('both')), ...members.map((member) => member.pause())]);
  await Promise.all(cut.map(({ name }) => disks.get(name)!.copy(image(name, 'after'))));
  for (const node of cut) node.signal('both', 'SIGKILL');
  await Promise.all([...members.map((member) => member.kill()), ...cut.map((node) => node.gone())]);
  over.abort();
  await load;
  for (const { name } of cut) {
    await disks.get(name)!.unmount();
    disks.set(name, await mountImage(image(name, 'after'), path.join(directory, name)));
  }
  for (const member of members) member.start();
  await cluster.etcd.ready();
  for (const node of cut) await node.start();
  const isSettled = await settled(cluster, 60_000);
  const history = await lastLook(cluster, {
    seed,
    run,
    jobs: withoutAnswers(fleet.jobs, ledger),
    prints: printers.prints,
    kills: [interruptedAt(at)],
    settled: isSettled,
  });
  const seen = await endInOrder(cluster);
  return { history, cluster: { ...seen, dueChanges: [1, 2] } };
};
