// A supervisor in a process of its own, stopped and killed: what becomes of its worker, and what the next one does about it.

import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { identityOf, isRunning, type ProcessIdentity } from '../../lib/platform/processes.js';
import { until } from '../support/etcd.js';
import type { FakeWorker } from '../support/fake-worker.js';
import { startProcess } from '../support/node-process.js';
import { projectRoot } from '../support/sources.js';
import { gone, killAlone, nowhere, placeFor } from '../support/supervisor-place.js';

const platend = path.join(projectRoot, 'dist', 'bin', 'platend.js');

const withChild = async (worker: FakeWorker): Promise<ProcessIdentity> => {
  worker.order({ do: 'child' });
  return identityOf((await worker.word('child')).pid)!;
};

t.test('a worker, with its children, ends at once when its supervisor is killed', async (t) => {
  const place = await placeFor(t);
  const supervisor = place.start();
  const worker = await place.workers.next();
  await worker.told('go');
  const child = await withChild(worker);
  const killedAt = performance.now();
  const [deadAt] = await Promise.all([worker.dead, supervisor.kill()]);
  t.comment(`supervisor killed to worker dead: ${(deadAt - killedAt).toFixed(1)} ms`);
  t.ok(deadAt - killedAt < 1_000);
  await gone(child);
});

t.test('what cannot end by itself is killed by the next supervisor before anything is started', async (t) => {
  const place = await placeFor(t);
  const first = place.start();
  const worker = await place.workers.next();
  await worker.told('go');
  const left = [identityOf(worker.pid)!, await withChild(worker)];
  process.kill(worker.pid, 'SIGSTOP');
  await killAlone(first);
  t.ok(left.every(isRunning), 'it stands still and hears nothing');
  const second = place.start();
  await (await place.workers.next()).told('go');
  t.notOk(left.some(isRunning));
  t.equal((await second.stop()).status, 0);
});

t.test('children of a worker that was killed together with its supervisor are found too', async (t) => {
  const place = await placeFor(t);
  const first = place.start();
  const worker = await place.workers.next();
  await worker.told('go');
  const child = await withChild(worker);
  process.kill(worker.pid, 'SIGSTOP');
  await killAlone(first);
  process.kill(worker.pid, 'SIGKILL');
  await worker.dead;
  t.ok(isRunning(child));
  place.start();
  await place.workers.next();
  t.notOk(isRunning(child));
});

t.test('a process that has the number of an earlier worker is not taken for it', async (t) => {
  const place = await placeFor(t);
  const first = place.start();
  await (await place.workers.next()).told('go');
  const record = await place.children();
  await killAlone(first);
  const stranger = { pid: process.pid, startTime: '1' };
  await writeFile(path.join(place.directory, 'children.json'), JSON.stringify({ ...record, worker: stranger }));
  place.start();
  await (await place.workers.next()).told('go');
  t.ok(true, 'this process lives');
});

t.test(
  'two supervisors on one state directory: the second one is refused and leaves the first one alone',
  async (t) => {
    const place = await placeFor(t);
    const first = place.start();
    const worker = await place.workers.next();
    await worker.told('go');
    const second = startProcess(t, [process.execPath, platend, '--config', place.config], {
      stateDirectory: place.directory,
    });
    t.equal((await second.ended()).status, 2);
    t.match(second.errors, `platend: ${place.directory} is in use by another process\n`);
    t.ok(isRunning(identityOf(worker.pid)!));
    t.equal((await first.stop()).status, 0);
  },
);

t.test('etcd that is not there is named, with the package that brings it', async (t) => {
  const peerUrl = 'http://127.0.0.1:2';
  const member = {
    program: 'etcd-of-nowhere',
    clientUrl: 'http://127.0.0.1:1',
    peerUrl,
    initialCluster: { a: peerUrl },
  };
  const place = await placeFor(t, { ...nowhere, member });
  const node = startProcess(t, [process.execPath, platend, '--config', place.config], {
    stateDirectory: place.directory,
  });
  t.equal((await node.ended()).status, 2);
  t.equal(node.errors, 'platend: etcd-of-nowhere is not on PATH: on Debian, apt-get install etcd-server\n');
});

t.test('a supervisor that stands still for longer than a deadline', async (t) => {
  const place = await placeFor(t);
  const supervisor = place.start();
  const worker = await place.workers.next();
  await worker.told('go');
  worker.order({ do: 'watch' });
  await worker.tell({ tell: 'life', incarnation: 'a' });
  await worker.tellDeadline('a', 500);
  supervisor.signal('SIGSTOP');
  t.equal((await worker.word('silence')).because, 'the supervisor does not answer', 'its worker notices');
  await worker.tell({ tell: 'ended', incarnation: 'a' });
  worker.order({ do: 'await-answer' });
  supervisor.signal('SIGCONT');
  await worker.word('answered');
  await worker.tell({ tell: 'life', incarnation: 'b' });
  await worker.tellDeadline('b', 700);
  await worker.told('overdue');
  // The log is written behind: it may come after what the worker is told.
  await until(
    async () => supervisor.errors.includes('"incarnation":"b"'),
    () => 'the supervisor says whose deadline passed',
  );
  t.notMatch(supervisor.errors, '"incarnation":"a"', 'what was said meanwhile counts, not the time');
});

t.test('a supervisor and a worker that stand still together', async (t) => {
  const place = await placeFor(t);
  const supervisor = place.start();
  const worker = await place.workers.next();
  await worker.told('go');
  await worker.tell({ tell: 'life', incarnation: 'a' });
  await worker.tellDeadline('a', 100);
  supervisor.signal('SIGSTOP');
  process.kill(worker.pid, 'SIGSTOP');
  await delay(200); // Beyond the deadline.
  process.kill(worker.pid, 'SIGCONT');
  supervisor.signal('SIGCONT');
  await worker.told('overdue');
  await worker.tell({ tell: 'ended', incarnation: 'a' });
  await worker.tell({ tell: 'life', incarnation: 'b' });
  await worker.tellDeadline('b', 400);
  await worker.told('overdue');
  t.equal(place.workers.unexpected, 0, 'the worker was given the time to end its life');
});
