// What the queue's tests share: jobs that come in, waits for what becomes of them, and a port whose every step is the test's.

import type { Test } from 'tap';
import type { JobRecord, JobState } from '../../lib/model/job.js';
import type { Outcome } from '../../lib/model/outcome.js';
import type { Delivery, Port, PortTarget } from '../../lib/ports/port.js';
import type { JobTable } from '../../lib/queue/job-table.js';
import type { PrintSpooler } from '../../lib/queue/print-spooler.js';
import type { JobDraft } from '../../lib/queue/uploads.js';
import type { Store, TxnResult } from '../../lib/store/store.js';

const origin = { protocol: 'rest', address: '127.0.0.1' } as const;

async function* source(content: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(content);
}

/** Puts a job of one document on record and returns its id. */
export const submitJob = async (
  spooler: PrintSpooler,
  draft: Partial<JobDraft> & { readonly printer: string; readonly content?: string },
): Promise<number> => {
  const id = await spooler.uploads.takeJobId();
  const { content = `job ${id}`, ...said } = draft;
  const document = await spooler.uploads.receive({ job: id, number: 1 }, source(content), { format: 'text/plain' });
  await spooler.uploads.submit(
    id,
    { name: `job ${id}`, user: 'alice', origin, ...said },
    { documents: [document], open: false },
  );
  return id;
};

/** An open job without a document. */
export const openJob = async (spooler: PrintSpooler, printer: string): Promise<number> => {
  const id = await spooler.uploads.takeJobId();
  await spooler.uploads.submit(id, { printer, name: 'open', user: 'alice', origin }, { documents: [], open: true });
  return id;
};

export const sendDocument = async (
  spooler: PrintSpooler,
  job: number,
  { content = 'more', last }: { content?: string; last: boolean },
): Promise<JobRecord> => {
  const record = spooler.jobs.unfinished(job);
  const number = record === undefined ? undefined : spooler.uploads.begin(record);
  if (number === undefined) throw new Error(`job ${job} takes no document now`);
  try {
    const document = await spooler.uploads.receive({ job, number }, source(content), { format: 'text/plain' });
    return await spooler.uploads.addDocument(job, document, { last });
  } finally {
    spooler.uploads.end(job);
  }
};

/** Resolves with the record when it is such; looks at once, then after every change. */
export const jobUntil = async (jobs: JobTable, id: number, holds: (job: JobRecord) => boolean): Promise<JobRecord> => {
  const found = new Promise<JobRecord>((resolve) => {
    jobs.onChange((job) => {
      if (job.id === id && holds(job)) resolve(job);
    });
  });
  const now = await jobs.find(id);
  return now !== undefined && holds(now) ? now : found;
};

export const jobIs = (jobs: JobTable, id: number, state: JobState): Promise<JobRecord> =>
  jobUntil(jobs, id, (job) => job.state === state);

export interface StagedAttempt {
  readonly target: PortTarget;
  readonly delivery: Delivery;
  /** The connection stands: resolves or rejects as the queue's `begin` does; a rejection ends the attempt. */
  begin(): Promise<void>;
  end(outcome: Partial<Outcome>): void;
}

/** Every attempt waits for the test to say what happens next; an abort ends it, as a port must. */
export class StagedPort implements Port {
  readonly attempts: StagedAttempt[] = [];
  #arrived: (() => void)[] = [];

  /** Resolves with the n-th attempt, from 0, when it is made. */
  async attempt(index: number): Promise<StagedAttempt> {
    for (;;) {
      const attempt = this.attempts[index];
      if (attempt !== undefined) return attempt;
      await new Promise<void>((resolve) => this.#arrived.push(resolve));
    }
  }

  print(target: PortTarget, delivery: Delivery): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      const whole: Outcome = { result: 'delivered', evidence: 'confirmed', detail: 'printed', bytes: 1 };
      delivery.signal.addEventListener('abort', () =>
        resolve({ ...whole, result: 'canceled', evidence: 'partial', detail: 'stopped' }),
      );
      delivery.progress({ phase: 'connecting', written: 0, drained: 0, detail: '' });
      this.attempts.push({
        target,
        delivery,
        begin: async () => {
          try {
            await delivery.begin({ sourcePort: 40_000 });
          } catch (error) {
            reject(error);
            throw error;
          }
          delivery.progress({ phase: 'sending', written: 0, drained: 0, detail: '' });
        },
        end: (outcome) => resolve({ ...whole, ...outcome }),
      });
      for (const arrived of this.#arrived.splice(0)) arrived();
    });
  }
}

/** A store in front of another; `disturb` is asked before each transaction, and may answer in its place or throw. */
export const disturbed = (store: Store, disturb: (keys: readonly string[]) => TxnResult | undefined): Store => ({
  get: (key) => store.get(key),
  range: (prefix, options) => store.range(prefix, options),
  watch: (prefix, from, signal) => store.watch(prefix, from, signal),
  close: () => store.close(),
  txn: async (compares, changes) =>
    disturb(changes.map((change) => ('put' in change ? change.put : change.delete))) ?? store.txn(compares, changes),
});

/** Fails the test when a promise is rejected that nobody looks after. */
export const noStrayRejections = (t: Test): void => {
  const stray = (error: unknown): void => {
    t.error(error, 'a rejection that nobody looks after');
  };
  process.on('unhandledRejection', stray);
  t.teardown(() => process.off('unhandledRejection', stray));
};
