// One run with a fault in it: a long document is being sent and jobs wait; then something happens; then everything must come out once.

import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { contentOf, sha256 } from '../campaign/documents.js';
import { jobsAtEnd, notFound } from '../campaign/collect.js';
import type { History, JobAtEnd, Kill, Print, SentJob } from '../campaign/history.js';
import { callIpp } from '../campaign/ipp-client.js';
import { type Printers, startPrinters } from '../campaign/printers.js';
import { listJobs } from '../campaign/rest.js';
import { run, type TestScope } from '../peers.js';
import { temporaryDirectory } from '../temporary.js';
import type { ClusterHistory } from './check-cluster.js';
import { type Cluster, type ClusterOptions, groupName, startCluster } from './cluster.js';
import type { ClusterProcess } from './cluster-process.js';
import { type Stages, watchTakeover } from './stopwatch.js';

/** Serves one connection at a time. */
export const longPrinter = 'single';
const quickPrinter = 'quick';

const pageOctets = 65_536;
/** The printer stands still there, so that the document is being sent for as long as the run likes. */
const standStillAfter = 1_000_000;

export interface Faulty {
  readonly cluster: Cluster;
  readonly printers: Printers;
  readonly owner: ClusterProcess;
  /** Everything that clients sent. */
  readonly ledger: SentJob[];
}

/** What happened: when, and what it was to the server. */
export interface Fault {
  readonly at: number;
  /** Interruptions of a life: each may cost a job one attempt more. */
  readonly kills: readonly Kill[];
  /** Octets of the long document that the old owner had written to the printer by then; it must not write more. */
  readonly written?: number;
  /** Brings back what was taken away, when the takeover has been seen. */
  readonly heal?: () => Promise<void>;
}

export interface TakeoverOptions extends Omit<ClusterOptions, 'devicePorts'> {
  readonly seed: string;
  readonly run: number;
  readonly waiting: number;
  readonly pages: number;
  readonly fault: (faulty: Faulty) => Promise<Fault>;
  /** Changes of owner that are due, at least and at most. */
  readonly changes: readonly [number, number];
  readonly settleMs?: number;
}

export interface TakeoverResult {
  readonly history: History;
  readonly cluster: ClusterHistory;
  readonly stages?: Stages;
  /** Ids of the long printer's jobs in the order that lpq shows, before and after. */
  readonly shown: { readonly before: readonly number[]; readonly after: readonly number[] };
}

export const submit = async (
  cluster: Cluster,
  ledger: SentJob[],
  { tag, printer, octets }: { readonly tag: string; readonly printer: string; readonly octets: number },
): Promise<SentJob> => {
  const content = contentOf(tag, 1, octets);
  const job: SentJob = {
    tag,
    way: 'print-job',
    printer,
    sentAt: Date.now(),
    documents: [{ length: content.length, sha256: sha256(content), answer: 'unknown' }],
  };
  ledger.push(job);
  const target = { ...cluster.at('ipp'), printer, agent: false } as const;
  const reply = await callIpp(target, { operation: 'print-job', jobName: tag, document: content });
  job.documents[0]!.answer = reply.answer;
  job.answeredAt = Date.now();
  if (reply.id !== undefined) job.id = reply.id;
  if (reply.answer !== 'acknowledged') throw new Error(`${tag} was not accepted: ${reply.detail}`);
  return job;
};

/** As people see them: `1st  campaig 17  name …`, the user cut short. */
export const shownByLpq = async (cluster: Cluster, printer: string): Promise<readonly number[]> => {
  const { status, stdout, stderr } = await run('/usr/bin/lpq', ['-h', cluster.server(), '-P', printer]);
  if (status !== 0) throw new Error(`lpq: ${stderr}`);
  return [...stdout.matchAll(/^\S+ +campaig\S* +(\d+) /gm)].map(([, id]) => Number(id));
};

/** Resolves when no job is unfinished, with whether that came to pass. */
export const settled = async (cluster: Cluster, limitMs: number): Promise<boolean> => {
  const deadline = performance.now() + limitMs;
  while (performance.now() < deadline) {
    try {
      const owner = await cluster.owning();
      if ((await listJobs(owner, 'not-completed', groupName)).length === 0) return true;
    } catch {
      // The owner changed meanwhile.
    }
    await pause(100);
  }
  return false;
};

/** The last look at everything that clients sent. */
export const lastLook = async (
  cluster: Cluster,
  parts: Pick<History, 'seed' | 'run' | 'jobs' | 'prints' | 'kills' | 'settled'>,
): Promise<History> => {
  const end: readonly JobAtEnd[] = await jobsAtEnd(await cluster.owning(), groupName);
  return {
    ...parts,
    seenCompleted: [],
    end,
    notFound: await notFound(cluster.at('ipp'), parts.jobs),
    spooled: end.flatMap(({ id, documents }) => documents.map(({ number, sha256 }) => ({ job: id, number, sha256 }))),
    leftovers: [],
    quarantined: 0,
  };
};

/** Every node ends in order: what the store said until then, and command lines of what is left, members of etcd aside. */
export const endInOrder = async (
  cluster: Cluster,
): Promise<Pick<ClusterHistory, 'owners' | 'fencings' | 'leftProcesses'>> => {
  // The first node that stops hands its groups over: that belongs to the end, not to the run.
  const [owners, fencings] = [[...cluster.eye.owners], [...cluster.eye.fencings]];
  for (const node of cluster.nodes) await node.stop();
  await Promise.all(cluster.nodes.map((node) => node.gone()));
  return { owners, fencings, leftProcesses: cluster.leash.held().filter((command) => !/\betcd\b/.test(command)) };
};

const firstPartOf = (prints: readonly Print[], tag: string): number =>
  prints.filter((print) => print.tag === tag).toSorted((one, other) => one.startedAt - other.startedAt)[0]?.length ?? 0;

export const takeoverRun = async (scope: TestScope, options: TakeoverOptions): Promise<TakeoverResult> => {
  const { seed, waiting, pages, fault, changes, settleMs = 40_000 } = options;
  const cluster = await startWithPrinters(scope, options);
  const { printers } = cluster;
  const ledger: SentJob[] = [];
  const single = printers.emulators[longPrinter]!;
  const tag = (name: string): string => `${seed}.${options.run}.${name}`;
  await submit(cluster, ledger, { tag: tag('long'), printer: longPrinter, octets: pages * pageOctets });
  for (let n = 1; n <= waiting; n += 1)
    await submit(cluster, ledger, { tag: tag(`wait${n}`), printer: longPrinter, octets: 4_000 });
  while (single.bytesInFlight < standStillAfter) await pause(5);

  const before = (await cluster.owner())!;
  const owner = cluster.node(before.node);
  const shownBefore = await shownByLpq(cluster, longPrinter);
  const watch = watchTakeover({
    cluster,
    group: groupName,
    before,
    printer: quickPrinter,
    ledger,
    tag: tag('probe'),
    device: single,
  });
  const { at, kills, heal, written } = await fault({ cluster, printers, owner, ledger });
  const stages = changes[0] === 0 ? undefined : await watch.at(at);
  const shownAfter = await shownByLpq(cluster, longPrinter);
  await single.behave({ stopAfter: Infinity });
  single.resume();
  await heal?.();
  const isSettled = await settled(cluster, settleMs);
  const history = await lastLook(cluster, {
    seed,
    run: options.run,
    jobs: ledger,
    prints: printers.prints,
    kills,
    settled: isSettled,
  });
  const seen = await endInOrder(cluster);
  return {
    history,
    cluster: {
      ...seen,
      dueChanges: changes,
      ...(written === undefined ? {} : { written, arrived: firstPartOf(printers.prints, tag('long')) }),
    },
    ...(stages === undefined ? {} : { stages }),
    shown: { before: shownBefore, after: shownAfter },
  };
};

/** A cluster with the two printers of such a run; the one for long documents stands still in the middle of the first. */
export const startWithPrinters = async (
  scope: TestScope,
  options: Omit<ClusterOptions, 'devicePorts'>,
): Promise<Cluster & { readonly printers: Printers }> => {
  const printers = await startPrinters(path.join(await temporaryDirectory(scope), 'paper'), {
    [longPrinter]: { oneAtATime: true, stopAfter: standStillAfter },
    [quickPrinter]: {},
  });
  scope.teardown(() => printers.close());
  const cluster = await startCluster(scope, { ...options, devicePorts: printers.ports });
  for (const [name, uri] of Object.entries(printers.devices))
    await cluster.addPrinter(name, uri, { maxAttempts: 1_000, device: { confirmAfterMs: 60 } });
  return Object.assign(cluster, { printers });
};
