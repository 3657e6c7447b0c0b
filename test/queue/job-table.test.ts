import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Test } from 'tap';
import t from 'tap';
import type { JobRecord } from '../../lib/model/job.js';
import { silentLog } from '../../lib/platform/log.js';
import { systemClock } from '../../lib/platform/clock.js';
import { GroupWrites } from '../../lib/queue/group-writes.js';
import * as change from '../../lib/queue/job-changes.js';
import { JobTable } from '../../lib/queue/job-table.js';
import { openEmbeddedStore } from '../../lib/store/embedded/embedded-store.js';
import { keys } from '../../lib/store/keys.js';
import type { Store } from '../../lib/store/store.js';
import { disturbed, noStrayRejections } from '../support/queue.js';
import { finishedRecord, jobRecord, seedJobs } from '../support/seeded-jobs.js';
import { temporaryDirectory } from '../support/temporary.js';

const open = async (t: Test, seeds: readonly JobRecord[] = [], wrap: (store: Store) => Store = (store) => store) => {
  noStrayRejections(t);
  const directory = await temporaryDirectory(t);
  await seedJobs(directory, 'print', seeds);
  const opened = await openEmbeddedStore({ directory: `${directory}/store`, log: silentLog });
  t.teardown(() => opened.close());
  const store = wrap(opened);
  const owner = await opened.txn([], [{ put: keys.owner('print'), value: { version: 1, epoch: 1 } }]);
  if (owner.outcome !== 'committed') throw new Error(owner.outcome);
  const tenure = { group: 'print', epoch: 1, node: 'a', revision: owner.revision, holds: () => true };
  const newTable = async (): Promise<JobTable> => {
    const writes = new GroupWrites({ store, tenure, clock: systemClock, onUncertain: () => undefined });
    const jobs = new JobTable({ group: 'print', store, writes });
    await jobs.load();
    return jobs;
  };
  return { store, newTable, jobs: await newTable() };
};

const { hold: _hold, ...bare } = jobRecord(1, { state: 'pending', reasons: [] });
const pending = (id: number): JobRecord => ({ ...bare, id, sequence: id });
const cancel = (job: JobRecord): JobRecord => change.cancel(job, { now: 5, reason: 'job-canceled-by-user' });

t.test('changes of one job follow one another, those of several go together', async (t) => {
  const { jobs } = await open(t);
  await Promise.all([1, 2, 3].map((id) => jobs.create(pending(id))));
  const told: string[] = [];
  jobs.onChange((job) => told.push(`${job.id}:${job.copies}`));
  await Promise.all(
    [1, 2, 3].flatMap((id) =>
      Array.from({ length: 20 }, () => jobs.update(id, (job) => ({ ...job, copies: job.copies + 1 }))),
    ),
  );
  for (const id of [1, 2, 3]) {
    t.equal(jobs.unfinished(id)?.copies, 21);
    t.same(
      told.filter((text) => text.startsWith(`${id}:`)),
      Array.from({ length: 20 }, (_, n) => `${id}:${n + 2}`),
    );
  }
  await jobs.settled();
});

t.test('a change that is refused leaves the job as it was, and the next one goes on', async (t) => {
  const { jobs } = await open(t);
  await jobs.create(pending(1));
  const [first, second] = await Promise.allSettled([
    jobs.update(1, () => {
      throw new Error('no');
    }),
    jobs.update(1, (job) => ({ ...job, copies: 2 })),
  ]);
  t.equal(first.status, 'rejected');
  t.match(second, { status: 'fulfilled', value: { copies: 2 } });
  await t.rejects(
    jobs.update(9, (job) => job),
    { code: 'job-not-found' },
  );
  await t.rejects(
    jobs.updateFinished(9, (job) => job),
    { code: 'job-not-found' },
  );
  await t.rejects(jobs.create(pending(1)), /given out twice/);
});

t.test('a finished job moves to the history, and back when it is restarted', async (t) => {
  const { jobs, store } = await open(t);
  await jobs.create({ ...pending(1), documents: [{ number: 1 } as never] });
  await jobs.update(1, cancel);
  t.equal(jobs.unfinishedCount, 0);
  t.notOk(jobs.hasJobs('demo'));
  t.equal(await store.get(keys.job('print', 1)), undefined);
  t.match(await jobs.find(1), { state: 'canceled' });
  await jobs.updateFinished(1, (job) => change.restart(job, jobs.takeSequence()));
  t.equal(await store.get(keys.doneJob('print', 1)), undefined);
  t.match(jobs.unfinished(1), { state: 'pending', sequence: 2 });
  t.ok(jobs.hasJobs('demo'));
});

t.test('a job is never nowhere while it is being finished or restarted', async (t) => {
  const { jobs } = await open(t);
  await jobs.create({ ...pending(1), documents: [{ number: 1 } as never] });
  const looking = new AbortController();
  const looks = (async () => {
    let count = 0;
    for (; !looking.signal.aborted; count += 1) {
      if ((await jobs.find(1)) === undefined) t.fail('not found');
      if (count % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    return count;
  })();
  for (let n = 0; n < 100; n += 1) {
    await jobs.update(1, cancel);
    await jobs.updateFinished(1, (job) => change.restart(job, jobs.takeSequence()));
  }
  looking.abort();
  t.ok((await looks) > 100);
});

t.test('a printer has a job while that job is being put on record', async (t) => {
  let during: boolean | undefined;
  const { jobs } = await open(t, [], (store) =>
    disturbed(store, () => {
      during = table?.hasJobs('demo');
      return undefined;
    }),
  );
  const table: JobTable | undefined = jobs;
  await jobs.create(pending(1));
  t.equal(during, true);
  await jobs.update(1, cancel);
  t.notOk(jobs.hasJobs('demo'));
});

t.test('1,250 finished jobs are paged both ways, each once; and from any id on', async (t) => {
  const { jobs } = await open(
    t,
    Array.from({ length: 1_250 }, (_, n) => finishedRecord(n + 1)),
  );
  const ids = async (pages: AsyncIterable<readonly JobRecord[]>): Promise<number[]> => {
    const all: number[] = [];
    for await (const page of pages) all.push(...page.map(({ id }) => id));
    return all;
  };
  const upwards = Array.from({ length: 1_250 }, (_, n) => n + 1);
  t.same(await ids(jobs.finishedOldestFirst()), upwards);
  t.same(await ids(jobs.finished()), upwards.toReversed());
  t.same(await ids(jobs.finished(700)), upwards.slice(0, 700).toReversed());
  t.same(await ids(jobs.finished(1)), [1]);
  t.equal(jobs.unfinishedCount, 0);
});

t.test('a restart finds the same jobs, the next place after the last, and the same job next', async (t) => {
  const { jobs, newTable } = await open(
    t,
    Array.from({ length: 1_100 }, (_, n) => pending(n + 1)),
  );
  await jobs.update(1, cancel);
  await jobs.update(7, (job) => ({ ...job, priority: 90 }));
  const again = await newTable();
  t.equal(again.unfinishedCount, 1_099);
  t.match(await again.find(1), { state: 'canceled' });
  t.equal(again.next('demo')?.id, 7);
  t.equal(again.takeSequence(), 1_101);
  t.same([...again.allUnfinished()], [...jobs.allUnfinished()]);
});

/** Octets of the heap that are in use, once garbage is gone. */
const heapInUse = (): number => {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed;
};

t.test('20,000 unfinished jobs take less than 100 MB and are loaded fast', async (t) => {
  const { newTable, jobs: other } = await open(
    t,
    Array.from({ length: 20_000 }, (_, n) => pending(n + 1)),
  );
  const before = heapInUse();
  const started = performance.now();
  const jobs = await newTable();
  const took = performance.now() - started;
  const megabytes = (heapInUse() - before) / 2 ** 20;
  t.comment(`${Math.round(took)} ms, ${Math.round(megabytes)} MB`);
  t.ok(megabytes > 1 && megabytes < 100);
  // The first table was in memory before and after.
  t.equal(jobs.unfinishedCount, other.unfinishedCount);
  t.equal(jobs.unfinishedCount, 20_000);
});
