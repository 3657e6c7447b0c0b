// One run of the crash campaign, from top to bottom: load, kills, settling, an orderly restart, the last look.

import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { collect, walkState } from './collect.js';
import { killAndRestart, type PlannedKill, planKills, type Triggers } from './faults.js';
import { Fleet } from './fleet.js';
import type { History } from './history.js';
import { writeNodeConfig } from './node-config.js';
import { NodeRunner, type NodeRunnerOptions } from './node-runner.js';
import { startPrinters } from './printers.js';
import { listJobs } from './rest.js';

export interface RunOptions extends Pick<NodeRunnerOptions, 'command'> {
  readonly seed: string;
  readonly run: number;
  /** An empty directory. */
  readonly directory: string;
  readonly jobsPerClient?: number;
  /** Default: planned from the seed. */
  readonly kills?: readonly PlannedKill[];
  readonly settleMs?: number;
}

const holdsWithin = async (limitMs: number, holds: () => Promise<boolean>): Promise<boolean> => {
  const deadline = performance.now() + limitMs;
  while (performance.now() < deadline) {
    if (await holds()) return true;
    await pause(50);
  }
  return false;
};

/** Looks again and again at what is completed, as a client does; notes when it saw each first. */
const watchCompleted = (node: NodeRunner, signal: AbortSignal) => {
  const seen = new Map<number, number>();
  const look = async (): Promise<void> => {
    try {
      const jobs = await listJobs(node, 'completed');
      const at = Date.now();
      for (const { id, state } of jobs) if (state === 'completed' && !seen.has(id)) seen.set(id, at);
    } catch {
      // The node was killed meanwhile.
    }
  };
  const watch = async (): Promise<void> => {
    while (!signal.aborted) {
      await look();
      await pause(100);
    }
  };
  return { ended: watch(), seen: () => [...seen].map(([id, at]) => ({ id, at })) };
};

/** The sweep of what earlier lives left goes on beside the work: two looks that agree end it. */
const swept = async (node: NodeRunner): Promise<void> => {
  let before = -1;
  await holdsWithin(5_000, async () => {
    const { leftovers, spooled, segments } = await walkState(node.state);
    const isSame = spooled.length + segments.length === before;
    before = spooled.length + segments.length;
    return isSame && leftovers.length === 0;
  });
};

export const crashRun = async (options: RunOptions): Promise<History> => {
  const { seed, run, directory, command, jobsPerClient = 20, settleMs = 60_000 } = options;
  const runSeed = `${seed}-${run}`;
  const { kills: plan = planKills(runSeed) } = options;
  const printers = await startPrinters(path.join(directory, 'paper'));
  await writeNodeConfig({ directory, devices: printers.devices, devicePorts: printers.ports });
  const node = new NodeRunner({ directory, ...(command === undefined ? {} : { command }) });
  const over = new AbortController();
  const settledSignal = new AbortController();
  try {
    const triggers: Triggers = { onPrint: () => undefined, onAnswer: () => undefined };
    printers.onLastOctet = () => triggers.onPrint();
    const fleet = new Fleet({
      seed: runSeed,
      jobsPerClient,
      signal: over.signal,
      reachable: (signal) => node.reachable(signal),
      onAcknowledged: () => triggers.onAnswer(),
    });
    node.spawn();
    const watched = watchCompleted(node, settledSignal.signal);
    const load = fleet.run();
    const kills = await killAndRestart(node, plan, triggers);
    await Promise.race([load, fleet.acknowledgements(24), pause(5_000)]);
    over.abort();
    await load;
    const settled = await holdsWithin(settleMs, async () => (await listJobs(node, 'not-completed')).length === 0);
    // What the last life left behind is swept by the next one.
    const status = await node.stop();
    const goneAfterStopMs = await node.gone();
    node.spawn();
    await node.ready();
    await swept(node);
    const left = await collect(node, fleet.jobs);
    settledSignal.abort();
    await watched.ended;
    const lastStatus = await node.stop();
    const goneAtEndMs = await node.gone();
    return {
      seed,
      run,
      jobs: fleet.jobs,
      prints: printers.prints,
      kills,
      seenCompleted: watched.seen(),
      settled,
      ...left,
      leftovers: [
        ...left.leftovers,
        ...(status === 0 && lastStatus === 0 ? [] : [`exit status ${status}, then ${lastStatus}`]),
        ...([...kills.map(({ goneAfterMs }) => goneAfterMs), goneAfterStopMs, goneAtEndMs].includes(-1)
          ? ['processes that outlived their node']
          : []),
      ],
    };
  } finally {
    over.abort();
    settledSignal.abort();
    node.close();
    await printers.close();
  }
};
