// The supervisor with real workers and a real etcd: what is killed, reaped and written, and in which order.

import { connect } from 'node:net';
import t from 'tap';
import { identityOf, isRunning } from '../../lib/platform/processes.js';
import { skipWithoutEtcd, startEtcd, until, type EtcdCluster } from '../support/etcd.js';
import { me, putRecord, readRecord, startSupervisor, type SupervisorLab } from '../support/supervisor.js';

/** A process holds the abstract socket. */
const isHeld = (name: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(`\0${name}`);
    socket.once('error', () => resolve(false));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });

/** A worker in its first life, which is in the store. */
const livingWorker = async ({ workers, store }: SupervisorLab, incarnation = 'a', inMs = 60_000) => {
  const worker = await workers.next();
  await worker.told('go');
  await worker.tell({ tell: 'ready' });
  await worker.tell({ tell: 'life', incarnation });
  await putRecord(store, incarnation);
  await worker.tellDeadline(incarnation, inMs);
  return worker;
};

t.test('with a real etcd', skipWithoutEtcd, async (t) => {
  const etcd: EtcdCluster = await startEtcd(t, { members: 1 });

  t.test('a worker that is killed is written off at once, and another one is started', async (t) => {
    const lab = await startSupervisor(t, etcd);
    const worker = await livingWorker(lab);
    const fenced = lab.fenced();
    worker.order({ do: 'hold', name: `platen-test-${worker.pid}` });
    await worker.word('held');
    process.kill(worker.pid, 'SIGKILL');
    const record = await fenced;
    t.same(record.fenced, { by: me, because: 'its worker was ended by SIGKILL' });
    t.equal(record.incarnation, 'a');
    t.notOk(await isHeld(`platen-test-${worker.pid}`));
    t.comment(`death to fence: ${(record.seenAt - (await worker.dead)).toFixed(1)} ms`);
    t.ok(record.seenAt - (await worker.dead) < 1_500, 'well before anybody could take it for silent');
    await (await lab.workers.next()).told('go');
  });

  t.test('a worker that ends by itself is written off too', async (t) => {
    const lab = await startSupervisor(t, etcd);
    const worker = await livingWorker(lab);
    const fenced = lab.fenced();
    worker.order({ do: 'exit', status: 1 });
    t.equal((await fenced).fenced?.because, 'its worker ended with status 1');
  });

  t.test('what a worker says last is heard before its end counts', async (t) => {
    const lab = await startSupervisor(t, etcd);
    const worker = await livingWorker(lab);
    await putRecord(lab.store, 'b', 1);
    const fenced = lab.fenced();
    await worker.tell({ tell: 'ended', incarnation: 'a' });
    await worker.tell({ tell: 'life', incarnation: 'b' });
    worker.order({ do: 'exit', status: 1 });
    t.equal((await fenced).incarnation, 'b');
  });

  for (const [how, stand] of [
    ['hangs', (_: number, hang: () => void) => hang()],
    ['is stopped', (pid: number) => void process.kill(pid, 'SIGSTOP')],
  ] as const)
    t.test(
      `a worker that ${how} loses its addresses at its deadline, and is written off when it is reaped`,
      async (t) => {
        const lab = await startSupervisor(t, etcd);
        const worker = await livingWorker(lab, 'a', 700);
        worker.order({ do: 'hold', name: `platen-test-${worker.pid}` });
        await worker.word('held');
        const identity = identityOf(worker.pid)!;
        const fenced = lab.fenced();
        stand(worker.pid, () => worker.order({ do: 'hang' }));
        const record = await fenced;
        t.notOk(isRunning(identity), 'reaped');
        t.notOk(await isHeld(`platen-test-${worker.pid}`), 'what it held is free');
        t.equal(record.fenced?.because, 'its worker hung beyond its deadline');
        const [removedAt = 0] = lab.removals;
        t.ok(removedAt < (await worker.dead), 'the addresses go first');
        await lab.workers.next();
      },
    );

  t.test('a worker that ends its overdue life itself is left alone and may live again', async (t) => {
    const lab = await startSupervisor(t, etcd);
    const worker = await livingWorker(lab, 'a', 200);
    await worker.told('overdue');
    await worker.tell({ tell: 'ended', incarnation: 'a' });
    await worker.tell({ tell: 'life', incarnation: 'b' });
    await putRecord(lab.store, 'b');
    // Beyond what the old life was given.
    await worker.tellDeadline('b', 500);
    await worker.told('overdue');
    t.equal(lab.workers.unexpected, 0);
    t.equal((await readRecord(lab.store))?.fenced, undefined);
  });

  t.test('nothing is written while a child of the dead worker lives', async (t) => {
    const lab = await startSupervisor(t, etcd);
    const worker = await livingWorker(lab);
    worker.order({ do: 'child' });
    const child = identityOf((await worker.word('child')).pid)!;
    t.ok(isRunning(child));
    const fenced = lab.fenced();
    process.kill(worker.pid, 'SIGKILL');
    await fenced;
    t.notOk(isRunning(child));
  });

  t.test('nothing is written while an address is left', async (t) => {
    let isAbsent = (): void => {};
    const absent = new Promise<void>((resolve) => {
      isAbsent = resolve;
    });
    let tries = 0;
    const lab = await startSupervisor(t, etcd, {
      removeAll: async () => {
        tries += 1;
        if (tries === 1) throw new Error('the address is still there');
        await absent;
      },
    });
    const worker = await livingWorker(lab);
    const fenced = lab.fenced();
    process.kill(worker.pid, 'SIGKILL');
    await until(
      async () => tries === 2,
      () => 'it is tried again',
    );
    t.equal((await readRecord(lab.store))?.fenced, undefined);
    isAbsent();
    t.equal((await fenced).incarnation, 'a');
  });

  t.test('a renewal that was on its way when the worker died is overtaken', async (t) => {
    const lab = await startSupervisor(t, etcd);
    const worker = await livingWorker(lab);
    const fenced = lab.fenced();
    process.kill(worker.pid, 'SIGKILL');
    await worker.dead;
    for (const counter of [1, 2, 3]) await putRecord(lab.store, 'a', counter).catch(() => {});
    t.ok((await fenced).fenced);
  });

  t.test('a life that others have fenced, or that a newer one follows, is not touched', async (t) => {
    const lab = await startSupervisor(t, etcd);
    const worker = await livingWorker(lab);
    await putRecord(lab.store, 'of-somebody-else');
    process.kill(worker.pid, 'SIGKILL');
    await lab.workers.next();
    t.same((await readRecord(lab.store))?.incarnation, 'of-somebody-else');
    t.equal((await readRecord(lab.store))?.fenced, undefined);
  });

  t.test('a store that does not answer is told as soon as it does', async (t) => {
    const lab = await startSupervisor(t, etcd);
    const worker = await livingWorker(lab);
    const [member] = etcd.members;
    await member?.pause();
    process.kill(worker.pid, 'SIGKILL');
    await lab.workers.next();
    member?.resume();
    t.equal((await lab.fenced()).incarnation, 'a');
  });

  t.test('told to stop, it ends as its worker ends', async (t) => {
    const lab = await startSupervisor(t, etcd);
    await livingWorker(lab);
    lab.supervisor.stop();
    t.equal(await lab.ended, 0);
    t.ok((await readRecord(lab.store))?.fenced, 'nobody has to wait for its silence');
  });

  t.test('a worker that cannot use its configuration ends the supervisor with status 2', async (t) => {
    const lab = await startSupervisor(t, etcd);
    (await lab.workers.next()).order({ do: 'exit', status: 2 });
    t.equal(await lab.ended, 2);
  });
});
