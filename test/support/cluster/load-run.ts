// One run under load: clients print to every kind of printer while an operator moves, drains or takes offline; nothing may be lost or doubled.

import path from 'node:path';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { Fleet } from '../campaign/fleet.js';
import type { History, Kill } from '../campaign/history.js';
import { startPrinters } from '../campaign/printers.js';
import type { TestScope } from '../peers.js';
import { temporaryDirectory } from '../temporary.js';
import type { ClusterBreach, ClusterHistory } from './check-cluster.js';
import { type Cluster, type ClusterOptions, startCluster } from './cluster.js';
import type { Place } from './cluster-process.js';
import { endInOrder, lastLook, settled } from './takeover-run.js';

export interface LoadOptions extends Omit<ClusterOptions, 'devicePorts'> {
  readonly seed: string;
  readonly run: number;
  /** What happens under load; resolves when it is over. */
  readonly act: (cluster: Cluster) => Promise<readonly Kill[]>;
  readonly changes: readonly [number, number];
  /** Clients may also be told that the server is busy. */
  readonly mayRefuse?: boolean;
  readonly jobsPerClient?: number;
}

export interface LoadResult {
  readonly history: History;
  readonly cluster: ClusterHistory;
  /** The longest time in which no connection could be made. */
  readonly unansweredMs: number;
  /** Clients saw errors that they should not have seen. */
  readonly clientErrors: readonly ClusterBreach[];
}

const connectEveryMs = 10;
/** Jobs before and after. */
const warmUp = 40;

/** Connects anew every 10 ms; the longest time between two successes, less what lies between two tries. */
const watchAnswers = ({ host, port }: Place) => {
  let last = performance.now();
  let longest = 0;
  const tryOne = (): void => {
    const socket = connect({ host, port });
    socket.once('error', () => undefined);
    socket.once('connect', () => {
      const now = performance.now();
      longest = Math.max(longest, now - last - connectEveryMs);
      last = now;
      socket.destroy();
    });
  };
  const timer = setInterval(tryOne, connectEveryMs);
  return {
    end: (): number => {
      clearInterval(timer);
      return Math.round(Math.max(0, longest));
    },
  };
};

/** A refused connection is one that the client makes again; any other failure is an error. */
const errorsIn = (jobs: History['jobs'], mayRefuse: boolean): ClusterBreach[] =>
  jobs.flatMap(({ tag, created, documents, detail }) =>
    [created, ...documents.map(({ answer }) => answer)]
      .filter((answer) => answer === 'unknown' || answer === 'cut' || (answer === 'refused' && !mayRefuse))
      .map((answer) => ({ rule: 'client' as const, text: `${tag}: ${answer}: ${detail}` })),
  );

export const loadRun = async (scope: TestScope, options: LoadOptions): Promise<LoadResult> => {
  const { seed, run, act, changes, mayRefuse = false, jobsPerClient = 1_000 } = options;
  const printers = await startPrinters(path.join(await temporaryDirectory(scope), 'paper'));
  scope.teardown(() => printers.close());
  const cluster = await startCluster(scope, { ...options, devicePorts: printers.ports });
  for (const [name, uri] of Object.entries(printers.devices))
    await cluster.addPrinter(name, uri, { maxAttempts: 1_000, device: { confirmAfterMs: 60 } });
  const ipp = cluster.at('ipp');
  const place = { host: ipp.host, ipp: ipp.port, lpd: cluster.at('lpd').port };
  const over = new AbortController();
  scope.teardown(() => over.abort());
  const fleet = new Fleet({
    seed: `${seed}-${run}`,
    jobsPerClient,
    signal: over.signal,
    reachable: async () => place,
    onAcknowledged: () => undefined,
    polite: true,
  });
  const load = fleet.run();
  await fleet.acknowledgements(warmUp);
  const answers = watchAnswers(ipp);
  const kills = await act(cluster);
  const unansweredMs = answers.end();
  await Promise.race([fleet.acknowledgements(warmUp), pause(10_000, undefined, { ref: false })]);
  over.abort();
  await load;
  const isSettled = await settled(cluster, 60_000);
  const history = await lastLook(cluster, {
    seed,
    run,
    jobs: fleet.jobs,
    prints: printers.prints,
    kills,
    settled: isSettled,
  });
  const owners = [...cluster.eye.owners];
  const fencings = [...cluster.eye.fencings];
  const leftProcesses = await endInOrder(cluster);
  return {
    history,
    cluster: { owners, fencings, dueChanges: changes, leftProcesses },
    unansweredMs,
    clientErrors: errorsIn(fleet.jobs, mayRefuse),
  };
};
