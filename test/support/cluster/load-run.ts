// One run under load: clients print to every kind of printer while an operator moves, drains or takes offline; nothing may be lost or doubled.

import path from 'node:path';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { Fleet } from '../campaign/fleet.js';
import type { Answer, History, JobAtEnd, Kill, SentJob } from '../campaign/history.js';
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
  readonly jobsPerClient?: number;
}

export interface LoadResult {
  readonly history: History;
  readonly cluster: ClusterHistory;
  /** The longest time in which no connection could be made. */
  readonly unansweredMs: number;
  /** Answers that ask the client to try again: the server was busy, or closed the connection before it had taken anything. */
  readonly again: { readonly busy: number; readonly closed: number };
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

/** On loopback nothing drops the packets of clients that come while a listener closes: their connections are reset. */
const closedEarly = /ECONNRESET|socket hang up|^step 1 of \d+: closed/;

const answersOf = ({ created, documents }: SentJob): readonly (Answer | undefined)[] => [
  created,
  ...documents.map(({ answer }) => answer),
];

/** A refused connection is one that the client makes again, and one that was closed before the server had taken anything. */
const judgeClients = (
  jobs: readonly SentJob[],
  end: readonly JobAtEnd[],
): Pick<LoadResult, 'again' | 'clientErrors'> => {
  const recorded = new Map(end.map(({ name, documents }) => [name, documents.length]));
  const failed = jobs.filter((job) =>
    answersOf(job).some((one) => one !== undefined && /unknown|cut|refused/.test(one)),
  );
  const acknowledged = ({ documents }: SentJob): number =>
    documents.filter(({ answer }) => answer === 'acknowledged').length;
  const isBusy = ({ detail = '' }: SentJob): boolean => detail.endsWith('IPP 507');
  const isClosed = (job: SentJob): boolean =>
    closedEarly.test(job.detail ?? '') && (recorded.get(job.tag) ?? 0) === acknowledged(job);
  return {
    again: { busy: failed.filter(isBusy).length, closed: failed.filter(isClosed).length },
    clientErrors: failed
      .filter((job) => !isBusy(job) && !isClosed(job))
      .map((job) => ({ rule: 'client', text: `${job.tag}: ${answersOf(job).join(', ')}: ${job.detail}` })),
  };
};

export const loadRun = async (scope: TestScope, options: LoadOptions): Promise<LoadResult> => {
  const { seed, run, act, changes, jobsPerClient = 1_000 } = options;
  const printers = await startPrinters(path.join(await temporaryDirectory(scope), 'paper'));
  scope.teardown(() => printers.close());
  const cluster = await startCluster(scope, {
    ...options,
    settings: { jobs: { multipleOperationTimeoutMs: 1_500 } },
    devicePorts: printers.ports,
  });
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
  const seen = await endInOrder(cluster);
  return {
    history,
    cluster: { ...seen, dueChanges: changes },
    unansweredMs,
    ...judgeClients(fleet.jobs, history.end),
  };
};
