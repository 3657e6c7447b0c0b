// Job records put straight into a store, for tests of what thousands of jobs do.

import path from 'node:path';
import type { JobRecord } from '../../lib/model/job.js';
import { isFinished } from '../../lib/model/job.js';
import { silentLog } from '../../lib/platform/log.js';
import { openEmbeddedStore } from '../../lib/store/embedded/embedded-store.js';
import { keys } from '../../lib/store/keys.js';
import type { Json } from '../../lib/store/store.js';

export const jobRecord = (id: number, changes: Partial<JobRecord> = {}): JobRecord => ({
  version: 1,
  id,
  uuid: `00000000-0000-4000-8000-${String(id).padStart(12, '0')}`,
  printer: 'demo',
  state: 'pending-held',
  reasons: ['job-hold-until-specified'],
  name: `job ${id}`,
  user: 'alice',
  origin: { protocol: 'ipp', address: '192.0.2.7' },
  language: 'en',
  priority: 50,
  copies: 1,
  hold: { by: 'client', until: 'indefinite' },
  sequence: id,
  documents: [],
  ticket: '',
  created: Date.UTC(2026, 0, 1) + id,
  attempts: [],
  attemptCount: 0,
  failures: 0,
  ...changes,
});

export const finishedRecord = (id: number, changes: Partial<JobRecord> = {}): JobRecord => {
  const { hold: _hold, ...job } = jobRecord(id, changes);
  return { ...job, state: 'completed', reasons: ['job-completed-successfully'], completed: Date.now() };
};

/** Writes the records into the store of a state directory on which nothing runs. */
export const seedJobs = async (directory: string, group: string, jobs: readonly JobRecord[]): Promise<void> => {
  const store = await openEmbeddedStore({ directory: path.join(directory, 'store'), log: silentLog });
  for (let at = 0; at < jobs.length; at += 500)
    await store.txn(
      [],
      jobs.slice(at, at + 500).map((job) => ({
        put: isFinished(job.state) ? keys.doneJob(group, job.id) : keys.job(group, job.id),
        value: job as unknown as Json,
      })),
    );
  await store.close();
};
