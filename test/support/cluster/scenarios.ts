// What a cluster's campaign does: each scenario is one run of a real cluster with a fault or an operator in it.

import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Kill } from '../campaign/history.js';
import type { TestScope } from '../peers.js';
import { send } from '../processes.js';
import { type Cluster, groupName } from './cluster.js';
import type { NodePart } from './cluster-process.js';
import { interruptedAt } from './interrupted.js';
import { type LoadResult, loadRun } from './load-run.js';
import { powerCutRun } from './power-cut-run.js';
import { octetsUnderWay } from './stopwatch.js';
import { type Fault, type Faulty, longPrinter, type TakeoverResult, takeoverRun } from './takeover-run.js';

export type RunResult = (TakeoverResult | Omit<TakeoverResult, 'shown'> | LoadResult) & {
  /** Figures of its own. */
  readonly figures?: Readonly<Record<string, number>>;
  /** What varied. */
  readonly variant?: string;
};

export interface Scenario {
  readonly what: string;
  /** How many runs are asked of it. */
  readonly runs: number;
  /** The successor accepts jobs, and has begun to send the document again, so long after the fault (DESIGN section 9). */
  readonly withinMs?: number;
  readonly run: (scope: TestScope, seed: string, run: number) => Promise<RunResult>;
}

const takeoverAfterMs = 2_600;

export const killed =
  (part: NodePart) =>
  async ({ owner }: Faulty): Promise<Fault> => {
    const at = Date.now();
    owner.signal(part, 'SIGKILL');
    return { at, kills: [interruptedAt(at)], heal: async () => (owner.isRunning ? undefined : owner.start()) };
  };

const killing = (part: NodePart, said: Pick<Scenario, 'what' | 'runs' | 'withinMs'>): Scenario => ({
  ...said,
  run: (scope, seed, run) =>
    takeoverRun(scope, { seed, run, pages: 200, waiting: 200, changes: [1, 1], fault: killed(part) }),
});

const pausedParts: readonly NodePart[] = ['worker', 'supervisor', 'both'];
const pausedFor = [0.5, 0.9, 1.1, 3] as const;

/** `fenceAfter`: whoever stood still for longer wakes after the deadline. */
const deadlineMs = 1_800;

/** Stands still for so long, then goes on. */
export const stopped =
  (part: NodePart, ms: number) =>
  async ({ owner, printers }: Faulty): Promise<Fault> => {
    const device = printers.emulators[longPrinter]!;
    const ids = [owner.worker, owner.supervisor];
    const at = Date.now();
    await owner.freeze(part);
    // While the worker stands still nothing else writes to the printer.
    const written = device.bytesRead + octetsUnderWay(device);
    const goOn = async (): Promise<void> => {
      await pause(ms);
      for (const id of ids) send(id, 'SIGCONT');
    };
    const goingOn = goOn();
    const mustNotWrite = part !== 'supervisor' && ms > deadlineMs;
    return { at, kills: [interruptedAt(at)], heal: () => goingOn, ...(mustNotWrite ? { written } : {}) };
  };

const stopping: Scenario = {
  what: 'SIGSTOP of worker, supervisor, both for 0.5, 0.9, 1.1 and 3 times takeoverAfter, then SIGCONT',
  runs: pausedParts.length * pausedFor.length,
  run: async (scope, seed, run) => {
    const part = pausedParts[(run - 1) % pausedParts.length]!;
    const times = pausedFor[Math.floor((run - 1) / pausedParts.length) % pausedFor.length]!;
    const fault = stopped(part, times * takeoverAfterMs);
    const result = await takeoverRun(scope, { seed, run, pages: 200, waiting: 20, changes: [1, 1], fault });
    return { ...result, variant: `${part} ${times}` };
  },
};

/** Loaded by nodes whose event loops are to be blocked. */
export const blocker = path.join(import.meta.dirname, 'block-on-signal.js');

/** The event loop blocked until after the deadline: the answer to a renewal waits behind it. */
export const blocked =
  (part: NodePart) =>
  async ({ owner, printers }: Faulty): Promise<Fault> => {
    const device = printers.emulators[longPrinter]!;
    const at = Date.now();
    owner.signal(part, 'SIGUSR2');
    // The printer reads nothing, so that nothing can be written before the deadline.
    return { at, kills: [interruptedAt(at)], written: device.bytesRead + octetsUnderWay(device) };
  };

const blocking: Scenario = {
  what: 'event loop of the worker, and of supervisor and worker, blocked for 2 s',
  runs: 10,
  run: async (scope, seed, run) => {
    const part = run % 2 === 1 ? 'worker' : 'both';
    const common = { seed, run, pages: 200, waiting: 20, changes: [1, 1], preload: blocker } as const;
    return { ...(await takeoverRun(scope, { ...common, fault: blocked(part) })), variant: part };
  },
};

/** Whose member is killed: all in turn, the owner's, another one. */
export const membersKilled: Readonly<Record<string, (faulty: Faulty) => Promise<readonly number[]>>> = {
  'each in turn': async () => [0, 1, 2],
  'leader with owner': async ({ cluster, owner }) => {
    const own = cluster.nodes.indexOf(owner);
    await cluster.etcd.leadBy(cluster.etcd.members[own]!);
    return [own];
  },
  'leader elsewhere': async ({ cluster, owner }) => {
    const other = (cluster.nodes.indexOf(owner) + 1) % cluster.nodes.length;
    await cluster.etcd.leadBy(cluster.etcd.members[other]!);
    return [other];
  },
};

/** One after the other: killed, away for some renewals, back. */
export const killMembers =
  (choose: (faulty: Faulty) => Promise<readonly number[]>) =>
  async (faulty: Faulty): Promise<Fault> => {
    const { cluster } = faulty;
    const names = cluster.nodes.map(({ name }) => name);
    const at = Date.now();
    for (const index of await choose(faulty)) {
      await cluster.etcd.members[index]!.kill();
      await cluster.eye.heardAgain(names, 3);
      cluster.etcd.members[index]!.start();
      await cluster.etcd.ready();
    }
    return { at, kills: [] };
  };

const membersScenario: Scenario = {
  what: 'a member of etcd killed: each in turn, the leader beside the owner, the leader elsewhere',
  runs: 9,
  run: async (scope, seed, run) => {
    const [variant, choose] = Object.entries(membersKilled)[(run - 1) % 3]!;
    const result = await takeoverRun(scope, {
      seed,
      run,
      pages: 200,
      waiting: 20,
      changes: [0, 0],
      fault: killMembers(choose),
    });
    return { ...result, variant };
  },
};

/** To a node that does not own it. */
export const move = async (cluster: Cluster): Promise<readonly Kill[]> => {
  const [target] = await cluster.others();
  await cluster.operate('group', 'move', groupName, '--to', target!.name);
  return [];
};

export const drain = async (cluster: Cluster): Promise<readonly Kill[]> => {
  const owner = await cluster.owning();
  await cluster.operate('node', 'drain', owner.name);
  await cluster.owning();
  await cluster.operate('node', 'resume', owner.name);
  return [];
};

const underLoad = (what: string, act: (cluster: Cluster) => Promise<readonly Kill[]>, runs: number): Scenario => ({
  what,
  runs,
  run: (scope, seed, run) => loadRun(scope, { seed, run, act, changes: [1, 1] }),
});

/** The owner dies right after its answer and its disk is gone; whoever has no copy is to take over. */
export const diskGone = async ({ cluster, owner }: Faulty): Promise<Fault> => {
  const at = Date.now();
  owner.signal('both', 'SIGKILL');
  await owner.gone();
  await owner.loseDisk();
  return { at, kills: [interruptedAt(at)], heal: async () => void (await cluster.owning()) };
};

const diskScenario: Scenario = {
  what: 'the owner and its disk gone for ever right after an acknowledgement',
  runs: 20,
  run: (scope, seed, run) =>
    takeoverRun(scope, { seed, run, pages: 200, waiting: 20, changes: [1, 1], fault: diskGone }),
};

const cutting = (what: string, which: 'owner' | 'all', runs: number): Scenario => ({
  what,
  runs,
  run: (scope, seed, run) => powerCutRun(scope, { seed, run, which }),
});

export const scenarios: Readonly<Record<string, Scenario>> = {
  'worker-killed': killing('worker', {
    what: 'worker killed while 200 pages are sent and 200 jobs wait',
    runs: 20,
    withinMs: 500,
  }),
  'supervisor-killed': killing('supervisor', { what: 'supervisor killed in the same way', runs: 10, withinMs: 3_500 }),
  'both-killed': killing('both', { what: 'supervisor and worker killed in the same way', runs: 10, withinMs: 3_500 }),
  stopped: stopping,
  blocked: blocking,
  'members-killed': membersScenario,
  moves: underLoad('a group moves under load', move, 50),
  drains: underLoad('a node is drained and resumed under load', drain, 50),
  'disk-gone': diskScenario,
  'power-cut-owner': cutting('the power of the owner cut under load (root)', 'owner', 20),
  'power-cut-all': cutting('the power of all nodes cut under load (root)', 'all', 10),
};
