// The worker by itself, under a parent that is not platend: this test.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import t, { type Test } from 'tap';
import { writeNodeConfig } from '../support/campaign/node-config.js';
import { temporaryDirectory } from '../support/temporary.js';

const worker = path.resolve(import.meta.dirname, '../../bin/platen-worker.js');

const startWorker = async (t: Test): Promise<ChildProcess> => {
  const directory = await temporaryDirectory(t);
  await writeNodeConfig({ directory, devices: {}, devicePorts: [] });
  const child = spawn(process.execPath, [worker, '--config', path.join(directory, 'platen.yaml')], {
    cwd: directory,
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  return child;
};

/** Whichever comes first; a worker that should end may say nothing but that it is ready. */
const readyOrEnded = (child: ChildProcess): Promise<string> =>
  new Promise((resolve) => {
    child.once('exit', (status, signal) => resolve(`ended: ${signal ?? status}`));
    let said = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (/^ready$/m.test(said)) resolve('ready');
    });
  });

t.test('a worker ends when its parent is gone', async (t) => {
  const child = await startWorker(t);
  t.equal(await readyOrEnded(child), 'ready');
  const ended = once(child, 'exit');
  child.disconnect();
  t.strictSame(await ended, [1, null]);
});

t.test('a worker whose parent was gone before it had loaded itself never serves', async (t) => {
  const child = await startWorker(t);
  child.disconnect();
  t.equal(await readyOrEnded(child), 'ended: 1');
});
