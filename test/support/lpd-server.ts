// An LPD listener on a real print spooler with one printer, `lp`, for tests.

import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type { Test } from 'tap';
import { LpdListener, type LpdListenerParts } from '../../lib/intake/lpd/lpd-listener.js';
import type { JobRecord } from '../../lib/model/job.js';
import { systemClock } from '../../lib/platform/clock.js';
import { silentLog } from '../../lib/platform/log.js';
import { startTestSpooler, type TestSpooler, type TestSpoolerOptions } from './spooler.js';

export const lpdLimits: LpdListenerParts['limits'] = {
  maxConnections: 100,
  maxConnectionsPerAddress: 50,
  headerTimeMs: 10_000,
  idleTimeMs: 60_000,
  minBytesPerSecond: 1024,
  minRateOverMs: 60_000,
  maxDocumentBytes: 2 ** 30,
  maxDocumentsPerJob: 100,
  lpdLineBytes: 1024,
};

export interface LpdServer extends TestSpooler {
  readonly listener: LpdListener;
  readonly lpdPort: number;
  /** All jobs, once none of them is pending or processing. */
  settledJobs(): Promise<readonly JobRecord[]>;
  /** Files of documents in the spool, temporary ones included. */
  spoolFiles(): Promise<readonly string[]>;
}

export const startLpdServer = async (
  t: Test,
  {
    spooler: spoolerOptions = {},
    ...parts
  }: Partial<Omit<LpdListenerParts, 'limits'>> & {
    limits?: Partial<LpdListenerParts['limits']>;
    spooler?: TestSpoolerOptions;
  } = {},
): Promise<LpdServer> => {
  const test = await startTestSpooler(t, spoolerOptions);
  const { spooler, server, directory } = test;
  await spooler.addPrinter({ name: 'lp', deviceUri: 'socket://127.0.0.1' });
  const listener = new LpdListener({
    server,
    clock: systemClock,
    log: silentLog,
    ...parts,
    limits: { ...lpdLimits, ...parts.limits },
  });
  const lpdPort = await listener.listen({ host: '127.0.0.1', port: 0 });
  t.teardown(() => listener.close(0));
  const settledJobs = async (): Promise<readonly JobRecord[]> => {
    const isUnderWay = (): boolean => [...spooler.jobs.allUnfinished()].some(({ state }) => state !== 'pending-held');
    while (isUnderWay()) await new Promise((resolve) => setImmediate(resolve));
    const jobs = [...spooler.jobs.allUnfinished()];
    for await (const page of spooler.jobs.finished()) jobs.push(...page);
    return jobs.sort((a, b) => a.id - b.id);
  };
  const spoolFiles = async (): Promise<readonly string[]> => {
    const all = await readdir(path.join(directory), { recursive: true, withFileTypes: true });
    return all
      .filter((entry) => entry.isFile() && !entry.parentPath.startsWith(path.join(directory, 'store')))
      .map((entry) => path.join(entry.parentPath, entry.name));
  };
  return { ...test, listener, lpdPort, settledJobs, spoolFiles };
};
