// Pure: everything that a run broke, and its figures on one line.

import { check } from '../campaign/check.js';
import { countsOf } from '../campaign/counts.js';
import { checkCluster } from './check-cluster.js';
import type { RunResult } from './scenarios.js';

export interface Found {
  readonly rule: string;
  readonly text: string;
}

type Judged = Pick<RunResult, 'history' | 'cluster'> & Partial<RunResult>;

export const breachesOf = (result: Judged): readonly Found[] => [
  ...check(result.history),
  ...checkCluster(result.cluster),
  ...('clientErrors' in result ? (result.clientErrors ?? []) : []),
  ...('shown' in result && result.shown?.before.join() !== result.shown?.after.join()
    ? [{ rule: 'shown', text: `lpq showed ${result.shown?.before.join()}, then ${result.shown?.after.join()}` }]
    : []),
];

export const lateness = (result: RunResult, withinMs = Infinity): readonly Found[] =>
  Object.entries('stages' in result ? (result.stages ?? {}) : {})
    .filter(([stage, ms]) => (stage === 'accepting' || stage === 'firstByte') && ms > withinMs)
    .map(([stage, ms]) => ({ rule: 'late', text: `${stage} after ${ms} ms, ${withinMs} ms are allowed` }));

/** Times in milliseconds. */
export const timesOf = (result: RunResult): Readonly<Record<string, number>> => ({
  ...('stages' in result ? result.stages : {}),
  ...('unansweredMs' in result ? { unanswered: result.unansweredMs } : {}),
  ...result.figures,
});

export const lineOf = (result: RunResult): Readonly<Record<string, unknown>> => {
  const { jobs, acknowledged, refused, unknown, completed, prints, printedInPart, inTheGap } = countsOf(result.history);
  return {
    ...(result.variant === undefined ? {} : { variant: result.variant }),
    times: timesOf(result),
    changes: new Set(result.cluster.owners.map(({ owner }) => owner.epoch)).size - 1,
    ...('again' in result ? result.again : {}),
    jobs,
    acknowledged,
    refused,
    unknown,
    completed,
    prints,
    printedInPart,
    inTheGap,
  };
};

/** Stage → minimum, median, maximum over the runs that have it. */
export const summaryOf = (
  runs: readonly Readonly<Record<string, unknown>>[],
): Readonly<Record<string, readonly [number, number, number]>> => {
  const measured = runs.map(({ times = {} }) => times as Readonly<Record<string, number>>);
  const stages = new Set(measured.flatMap((times) => Object.keys(times)));
  return Object.fromEntries(
    [...stages].map((stage) => {
      const sorted = measured.flatMap((times) => times[stage] ?? []).toSorted((one, other) => one - other);
      return [stage, [sorted[0]!, sorted[Math.floor((sorted.length - 1) / 2)]!, sorted.at(-1)!] as const];
    }),
  );
};
