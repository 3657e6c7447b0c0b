import * as fc from 'fast-check';
import t from 'tap';
import type { DeviceLock } from '../../lib/queue/device-locks.js';
import { DeviceLocks } from '../../lib/queue/device-locks.js';
import { compareJobs, isSchedulable, schedule } from '../../lib/queue/schedule.js';
import { jobRecord } from '../support/seeded-jobs.js';

const pending = { state: 'pending' } as const;

t.test('only a pending job that is closed and in its place can be printed', async (t) => {
  const cases = [
    ['pending, in its place', { ...pending }, true],
    ['still open', { ...pending, openUntil: 5 }, false],
    ['held', { state: 'pending-held' as const }, false],
    ['being sent', { state: 'processing' as const }, false],
    ['completed', { state: 'completed' as const }, false],
    ['canceled', { state: 'canceled' as const }, false],
    ['aborted', { state: 'aborted' as const }, false],
  ] as const;
  for (const [name, changes, wanted] of cases) t.equal(isSchedulable(jobRecord(1, changes)), wanted, name);
  const { sequence: _sequence, ...unplaced } = jobRecord(1, pending);
  t.equal(isSchedulable(unplaced), false, 'without a place in the order');
});

t.test('jobs go by priority, then by order of acceptance, never by id', async (t) => {
  const job = (id: number, priority: number, sequence: number) => jobRecord(id, { ...pending, priority, sequence });
  const { sequence: _sequence, ...unplaced } = jobRecord(6, { ...pending, priority: 50 });
  const jobs = [job(1, 50, 9), job(2, 50, 8), job(3, 100, 10), job(4, 1, 1), unplaced, job(5, 50, 7)];
  t.same(
    jobs.sort(compareJobs).map(({ id }) => id),
    [3, 5, 2, 1, 6, 4],
  );
});

const lockOf = fc.record(
  { address: fc.constantFrom('a', 'b', 'c'), port: fc.constantFrom(9100, 9101) },
  { requiredKeys: ['address'] },
);
const collide = (one: DeviceLock, other: DeviceLock): boolean =>
  one.address === other.address && (one.port === undefined || other.port === undefined || one.port === other.port);

t.test('no two jobs get one device, and a job that waits has a reason for it', async () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ priority: fc.integer({ min: 1, max: 3 }), locks: fc.array(lockOf, { maxLength: 3 }) })),
      fc.array(lockOf, { maxLength: 3 }),
      (drafts, held) => {
        const locks = new DeviceLocks();
        for (const lock of held) locks.take(lock);
        const candidates = drafts.map(({ priority, locks }, index) => ({
          job: jobRecord(index + 1, { ...pending, priority }),
          locks,
        }));
        const started = schedule(candidates, locks);
        const inUse: DeviceLock[] = [...held];
        for (const candidate of candidates.sort((a, b) => compareJobs(a.job, b.job))) {
          const blocked = candidate.locks.some((lock) => inUse.some((other) => collide(lock, other)));
          if (started.includes(candidate) === blocked) return false;
          if (!blocked) inUse.push(...candidate.locks);
        }
        return true;
      },
    ),
  );
});
