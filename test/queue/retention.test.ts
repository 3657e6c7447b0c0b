import { readdir } from 'node:fs/promises';
import path from 'node:path';
import * as fc from 'fast-check';
import t from 'tap';
import { expired, type HistoryEntry, type HistoryTotals, type RetentionPolicy } from '../../lib/queue/retention.js';
import { FakeClock } from '../support/fake-clock.js';
import { jobIs, noStrayRejections, submitJob } from '../support/queue.js';
import { startTestSpooler } from '../support/spooler.js';

const everything: RetentionPolicy = {
  keepHistoryMs: 1_000,
  keepHistoryCount: 100,
  keepDocumentsMs: 1_000,
  keepDocumentsCount: 100,
  keepDocumentsBytes: 1_000,
};
const entry = (id: number, changes: Partial<HistoryEntry> = {}): HistoryEntry => ({
  id,
  completed: id * 100,
  octets: 10,
  documentsKept: true,
  ...changes,
});
const three = [entry(1), entry(2), entry(3)];

const table: [string, HistoryEntry[], Partial<RetentionPolicy>, number, number[], number[]][] = [
  ['nothing is old', three, {}, 1_100, [], []],
  ['records by age, and their documents with them', three, {}, 1_250, [1, 2], [1, 2]],
  ['exactly that old is not too old', three, {}, 1_200, [1], [1]],
  ['records by number, oldest first', three, { keepHistoryCount: 1 }, 300, [1, 2], [1, 2]],
  ['documents by age', three, { keepDocumentsMs: 150 }, 400, [], [1, 2]],
  ['documents by number', three, { keepDocumentsCount: 2 }, 400, [], [1]],
  ['documents by octets', three, { keepDocumentsBytes: 25 }, 400, [], [1]],
  [
    'documents that are gone do not count',
    [entry(1, { documentsKept: false }), ...three.slice(1)],
    { keepDocumentsCount: 2 },
    400,
    [],
    [],
  ],
  ['nothing is kept', three, { keepHistoryCount: 0 }, 300, [1, 2, 3], [1, 2, 3]],
  ['one large document', [entry(1, { octets: 5_000 })], {}, 100, [], [1]],
];

const totals = (entries: readonly HistoryEntry[], gone: readonly number[] = []): HistoryTotals => {
  const kept = entries.filter(({ id, documentsKept }) => documentsKept && !gone.includes(id));
  const octets = kept.reduce((sum, one) => sum + one.octets, 0);
  return { records: entries.length, documents: kept.length, octets };
};

for (const [name, entries, policy, now, records, documents] of table)
  t.test(name, async (t) => {
    const kept = totals(entries);
    t.same(expired(entries, kept, { policy: { ...everything, ...policy }, now }), { records, documents });
    const left = entries.filter(({ id }) => !records.includes(id));
    t.same(kept, totals(left, documents), 'what is kept is counted down');
  });

t.test('what is left keeps to the policy, and nothing goes without need', async () => {
  const entries = fc.array(fc.record({ octets: fc.nat(50), documentsKept: fc.boolean() }), { maxLength: 30 });
  const bound = fc.nat(40);
  fc.assert(
    fc.property(
      entries,
      bound,
      bound,
      fc.nat(500),
      (drafts, keepHistoryCount, keepDocumentsCount, keepDocumentsBytes) => {
        const history = drafts.map((draft, n) => entry(n + 1, draft));
        const policy = {
          ...everything,
          keepHistoryMs: 1e9,
          keepDocumentsMs: 1e9,
          keepHistoryCount,
          keepDocumentsCount,
          keepDocumentsBytes,
        };
        const counted = totals(history);
        const half = Math.floor(history.length / 2);
        const slices = [history.slice(0, half), history.slice(half)].map((slice) =>
          expired(slice, counted, { policy, now: 10_000 }),
        );
        const records = slices.flatMap((slice) => slice.records);
        const documents = slices.flatMap((slice) => slice.documents);
        const kept = history.filter(({ id }) => !records.includes(id));
        const withDocuments = kept.filter(({ id, documentsKept }) => documentsKept && !documents.includes(id));
        const octets = withDocuments.reduce((sum, { octets }) => sum + octets, 0);
        const withinBounds =
          kept.length <= keepHistoryCount && withDocuments.length <= keepDocumentsCount && octets <= keepDocumentsBytes;
        const oldestFirst = kept.every(({ id }) => records.every((gone) => gone < id));
        return withinBounds && oldestFirst && (records.length === 0 || kept.length === keepHistoryCount);
      },
    ),
  );
});

t.test(
  'a sweep takes documents, then records, from disk and store; what is printed again meanwhile stays',
  async (t) => {
    noStrayRejections(t);
    const clock = new FakeClock();
    const { spooler, directory } = await startTestSpooler(t, {
      clock,
      retention: { keepDocumentsMs: 120_000, keepHistoryMs: 600_000 },
    });
    await spooler.addPrinter({ name: 'demo', deviceUri: 'socket://192.0.2.1' });
    const ids: number[] = [];
    for (let n = 0; n < 3; n += 1) {
      // A file of its own each.
      const id = await submitJob(spooler, { printer: 'demo', content: 'x'.repeat(70_000) });
      await jobIs(spooler.jobs, id, 'completed');
      ids.push(id);
    }
    await spooler.control.restart(ids[1]!, 'indefinite');
    const files = async (): Promise<number> =>
      (await readdir(path.join(directory, 'documents'), { recursive: true })).filter((name) => /\d\.1\./.test(name))
        .length;
    const sweep = async (minutes: number, until: () => Promise<boolean>): Promise<void> => {
      await clock.advance(minutes * 60_000 + 1);
      for (let n = 0; n < 500 && !(await until()); n += 1) await new Promise((resolve) => setTimeout(resolve, 2));
    };
    await sweep(3, async () => (await files()) === 1);
    t.equal(await files(), 1);
    t.match(await spooler.jobs.find(ids[0]!), { documentsKept: false });
    await t.rejects(spooler.control.restart(ids[0]!), { code: 'job-not-possible' });
    await sweep(9, async () => (await spooler.jobs.find(ids[2]!)) === undefined);
    t.equal(await spooler.jobs.find(ids[0]!), undefined);
    t.match(await spooler.jobs.find(ids[1]!), { state: 'pending-held' });
    await spooler.control.release(ids[1]!);
    t.match(await jobIs(spooler.jobs, ids[1]!, 'completed'), { documentsKept: true });
  },
);

t.test('while the store is too full, each sweep takes the older half of the history', async (t) => {
  const clock = new FakeClock();
  let trimHistory = false;
  const { spooler } = await startTestSpooler(t, { clock, storeRoom: () => ({ trimHistory, refuseNewJobs: false }) });
  await spooler.addPrinter({ name: 'demo', deviceUri: 'socket://192.0.2.1' });
  const ids: number[] = [];
  for (let n = 0; n < 4; n += 1) {
    const id = await submitJob(spooler, { printer: 'demo' });
    await jobIs(spooler.jobs, id, 'completed');
    ids.push(id);
  }
  const left = async (): Promise<readonly number[]> => {
    const found = await Promise.all(ids.map((id) => spooler.jobs.find(id)));
    return found.flatMap((job) => (job === undefined ? [] : [job.id]));
  };
  trimHistory = true;
  await clock.advance(60_001);
  while ((await left()).length > 2) await new Promise((resolve) => setTimeout(resolve, 1));
  t.same(await left(), ids.slice(2));
});
