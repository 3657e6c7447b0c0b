import { readFileSync } from 'node:fs';
import t from 'tap';
import { identify, isAlive, send } from '../processes.js';
import { temporaryDirectory } from '../temporary.js';
import { NodeRunner } from './node-runner.js';

t.test('what a worker that was started without platend starts itself is not the worker', async (t) => {
  const directory = await temporaryDirectory(t);
  const node = new NodeRunner({ directory, command: ['/bin/sh', '-c', 'sleep 600 & echo ready; wait', 'sh'] });
  t.teardown(() => node.close());
  node.spawn();
  await node.ready();
  const worker = node.workerPid!;
  const child = identify(Number(readFileSync(`/proc/${worker}/task/${worker}/children`, 'latin1')))!;
  t.teardown(() => send(child, 'SIGKILL'));
  node.kill('worker');
  t.not(await node.gone(), -1);
  t.ok(isAlive(child));
});
