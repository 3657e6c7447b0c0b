// The power is cut under load: the disk is found as the last sync left it, and every job that was acknowledged before is on it and prints whole.

import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { mutantCommand } from '../mutants/names.js';
import { check } from '../support/campaign/check.js';
import { collect } from '../support/campaign/collect.js';
import { countsOf } from '../support/campaign/counts.js';
import { Fleet } from '../support/campaign/fleet.js';
import type { SentJob } from '../support/campaign/history.js';
import { writeNodeConfig } from '../support/campaign/node-config.js';
import { NodeRunner } from '../support/campaign/node-runner.js';
import { withoutAnswers } from '../support/campaign/ledger.js';
import { type Printers, startPrinters } from '../support/campaign/printers.js';
import { listJobs } from '../support/campaign/rest.js';
import { makeImage, mountImage, noImages } from '../support/power-cut.js';
import { temporaryDirectory } from '../support/temporary.js';

const settleMs = 30_000;

interface Parts {
  readonly seed: string;
  readonly directory: string;
  readonly printers: Printers;
  readonly command?: readonly string[];
}

/** Loads a node on a disk of its own and copies the disk in the middle; the ledger as it was at that moment. */
const loadAndCut = async (t: Test, { seed, directory, printers, command }: Parts, image: string) => {
  const original = path.join(directory, 'original.img');
  await makeImage(original);
  const disk = await mountImage(original, path.join(directory, 'disk'));
  const state = path.join(disk.folder, 'state');
  await writeNodeConfig({ directory, state, devices: printers.devices, devicePorts: printers.ports });
  const node = new NodeRunner({ directory, state, ...(command === undefined ? {} : { command }) });
  const over = new AbortController();
  t.teardown(async () => {
    over.abort();
    node.close();
    await node.gone();
    await disk.unmount();
  });
  node.spawn();
  const fleet = new Fleet({
    seed,
    jobsPerClient: 100,
    signal: over.signal,
    reachable: (signal) => node.reachable(signal),
    onAcknowledged: () => undefined,
  });
  const load = fleet.run();
  await fleet.acknowledgements(60 + (seed.length % 7));
  // The ledger is older than the copy: nothing that it holds may be missing from the disk.
  const ledger = structuredClone(fleet.jobs);
  node.freeze();
  await disk.copy(image);
  node.kill('both');
  over.abort();
  await load;
  await node.gone();
  node.close();
  await disk.unmount();
  return { ledger, all: fleet.jobs };
};

/** Starts the built server on the copy, and judges what it has of the jobs in the ledger. */
const judgeCopy = async (t: Test, { seed, directory, printers }: Parts, image: string, jobs: readonly SentJob[]) => {
  const disk = await mountImage(image, path.join(directory, 'copy'));
  const state = path.join(disk.folder, 'state');
  await writeNodeConfig({ directory, state, devices: printers.devices, devicePorts: printers.ports });
  const node = new NodeRunner({ directory, state });
  t.teardown(async () => {
    node.close();
    await node.gone();
    await disk.unmount();
  });
  node.spawn();
  await node.ready();
  const deadline = performance.now() + settleMs;
  let left = 1;
  while (left > 0 && performance.now() < deadline) {
    await pause(100);
    left = (await listJobs(node, 'not-completed')).length;
  }
  const found = await collect(node, jobs);
  await node.stop();
  node.close();
  await node.gone();
  await disk.unmount();
  const kill = { target: 'both', trigger: 'time', at: 0, goneAfterMs: 0 } as const;
  return {
    seed,
    run: 1,
    jobs,
    prints: printers.prints,
    kills: [kill],
    seenCompleted: [],
    settled: left === 0,
    ...found,
  };
};

const powerCut = async (t: Test, seed: string, command?: readonly string[]) => {
  const directory = await temporaryDirectory(t);
  const printers = await startPrinters(path.join(directory, 'paper'));
  t.teardown(() => printers.close());
  const parts = { seed, directory, printers, ...(command === undefined ? {} : { command }) };
  const image = path.join(directory, 'copy.img');
  const { ledger, all } = await loadAndCut(t, parts, image);
  const history = await judgeCopy(t, parts, image, withoutAnswers(all, ledger));
  return { history, breaches: check(history) };
};

const skip = await noImages(t.testdir());
const options = skip === undefined ? {} : { skip };

for (let round = 1; round <= 5; round += 1)
  t.test(`round ${round}: nothing that was acknowledged is lost`, options, async (t) => {
    const { history, breaches } = await powerCut(t, `power${round}`);
    t.strictSame(breaches, [], JSON.stringify(countsOf(history)));
    t.ok(countsOf(history).acknowledged >= 60);
  });

// One that syncs no directory loses nothing here: ext4's journal takes the name along with the store's next sync. Its trace shows it.
for (const mutant of ['answers-before-sync', 'answers-before-commit'] as const)
  t.test(`a node that ${mutant.replaceAll('-', ' ')} is caught`, options, async (t) => {
    const { breaches } = await powerCut(t, mutant.replaceAll('-', ''), mutantCommand(mutant));
    t.ok(breaches.length > 0, `${breaches.length} breaches: ${breaches[0]?.text}`);
  });
