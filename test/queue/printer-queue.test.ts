import * as fc from 'fast-check';
import t from 'tap';
import type { JobRecord } from '../../lib/model/job.js';
import { PrinterQueue } from '../../lib/queue/printer-queue.js';
import { compareJobs, isSchedulable } from '../../lib/queue/schedule.js';
import { jobRecord } from '../support/seeded-jobs.js';

const put = fc.record({
  id: fc.integer({ min: 1, max: 12 }),
  priority: fc.integer({ min: 1, max: 3 }),
  sequence: fc.integer({ min: 1, max: 12 }),
  state: fc.constantFrom('pending' as const, 'pending' as const, 'pending-held' as const, 'processing' as const),
  gone: fc.constantFrom(false, false, true),
});

t.test('after any changes the next job is the first of those that can be printed', async () => {
  fc.assert(
    fc.property(fc.array(put, { maxLength: 60 }), (changes) => {
      const queue = new PrinterQueue();
      const model = new Map<number, JobRecord>();
      for (const { gone, id, ...change } of changes) {
        const job = jobRecord(id, change);
        if (gone) queue.delete(id);
        else queue.put(job);
        if (gone) model.delete(id);
        else model.set(id, job);
        const [first] = [...model.values()].filter(isSchedulable).sort(compareJobs);
        if (queue.next() !== first || queue.size !== model.size) return false;
      }
      return [...queue.values()].every((job) => model.get(job.id) === job);
    }),
    { numRuns: 500 },
  );
});

t.test('the next of 10,000 jobs costs far less than a millisecond', async (t) => {
  const queue = new PrinterQueue();
  for (let id = 1; id <= 10_000; id += 1) queue.put(jobRecord(id, { state: 'pending', priority: (id % 100) + 1 }));
  const started = performance.now();
  let count = 0;
  for (let job = queue.next(); job !== undefined; job = queue.next()) {
    queue.put({ ...job, state: 'processing' });
    queue.delete(job.id);
    count += 1;
  }
  t.equal(count, 10_000);
  const each = (performance.now() - started) / count;
  t.comment(`${(each * 1_000).toFixed(1)} µs a job`);
  t.ok(each < 0.2, `${each} ms a job`);
});
