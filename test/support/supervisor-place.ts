// A state directory for supervisors in processes of their own, each with fake workers.

import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Test } from 'tap';
import { identityOf, isRunning, type ProcessIdentity } from '../../lib/platform/processes.js';
import { until } from './etcd.js';
import { FakeWorkers } from './fake-worker.js';
import { startProcess, type NodeProcess } from './node-process.js';
import { temporaryDirectory } from './temporary.js';

const supervisorMain = path.join(import.meta.dirname, 'supervisor-main.js');

export interface Place {
  readonly directory: string;
  readonly config: string;
  readonly workers: FakeWorkers;
  start(): NodeProcess;
  children(): Promise<{ worker?: ProcessIdentity; member?: ProcessIdentity }>;
}

/** A store that never answers. */
export const nowhere = { endpoints: ['http://127.0.0.1:1'] };

/** A state directory with a configuration; its supervisors are started one after another. */
export const placeFor = async (t: Test, cluster: object = nowhere): Promise<Place> => {
  const directory = await temporaryDirectory(t);
  const config = path.join(directory, 'platen.yaml');
  await writeFile(config, JSON.stringify({ stateDirectory: directory, node: { name: 'one' }, cluster }));
  const workers = await FakeWorkers.listen(t);
  const children = async () => JSON.parse(await readFile(path.join(directory, 'children.json'), 'utf8')) as object;
  return {
    directory,
    config,
    workers,
    start: () =>
      startProcess(t, [process.execPath, supervisorMain, config, workers.socketPath], { stateDirectory: directory }),
    children,
  };
};

export const gone = (target: ProcessIdentity): Promise<void> =>
  until(
    async () => !isRunning(target),
    () => `process ${target.pid} is gone`,
  );

/** Kills a supervisor alone: the output that it shares with a worker that stands still stays open. */
export const killAlone = async (supervisor: NodeProcess): Promise<void> => {
  const identity = identityOf(supervisor.pid)!;
  supervisor.signal('SIGKILL');
  await gone(identity);
};
