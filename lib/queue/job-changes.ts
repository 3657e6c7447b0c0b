// Pure: every change that a job's record may undergo, as record → record. A change that is not possible now throws job-not-possible.

import { PlatenError } from '../errors.js';
import { assertTransition, type Hold, isFinished, type JobRecord, type JobState, keptAttempts } from '../model/job.js';
import type { StoredDocument } from '../model/document.js';
import type { Attempt, Outcome } from '../model/outcome.js';
import { isSchedulable } from './schedule.js';

const notPossible = (job: JobRecord, act: string): PlatenError =>
  new PlatenError('job-not-possible', `job ${job.id} is ${job.state}: it cannot be ${act}`);

/** A copy of the record without the keys named. */
const without = <Key extends keyof JobRecord>(job: JobRecord, ...names: Key[]): Omit<JobRecord, Key> => {
  const copy: Partial<JobRecord> = { ...job };
  for (const name of names) delete copy[name];
  return copy as Omit<JobRecord, Key>;
};

const enter = (job: JobRecord, state: JobState): void => assertTransition(job.state, state);

/** The state in which a job waits. */
const waitingState = (hold: Hold | undefined): 'pending' | 'pending-held' =>
  hold === undefined ? 'pending' : 'pending-held';

const holdReasons: Readonly<Record<Hold['by'], string>> = {
  client: 'job-hold-until-specified',
  attempts: 'job-suspended-for-approval',
  interrupted: 'job-suspended',
  document: 'resources-are-not-ready',
};

const waiting = (job: JobRecord, hold: Hold | undefined, message?: string): JobRecord => {
  const state = waitingState(hold);
  enter(job, state);
  const rest = without(job, 'hold', 'message');
  const open = job.openUntil === undefined ? [] : ['job-incoming'];
  return {
    ...rest,
    state,
    reasons: hold === undefined ? open : [...open, holdReasons[hold.by]],
    ...(hold === undefined ? {} : { hold }),
    ...(message === undefined ? {} : { message }),
  };
};

export const addDocument = (job: JobRecord, document: StoredDocument, openUntil: number): JobRecord => {
  if (job.openUntil === undefined) throw notPossible(job, 'given another document');
  return { ...job, documents: [...job.documents, document], openUntil };
};

/** The last document is in: the job takes its place in the order. */
export const close = (job: JobRecord, sequence: number): JobRecord => {
  if (job.openUntil === undefined) throw notPossible(job, 'closed');
  const closed = { ...without(job, 'openUntil'), sequence };
  if (closed.documents.length === 0) throw new PlatenError('job-not-possible', `job ${job.id} has no document`);
  return waiting(closed, job.hold, job.message);
};

export const hold = (job: JobRecord, until: string, endsAt?: number): JobRecord => {
  if (job.state !== 'pending' && job.state !== 'pending-held') throw notPossible(job, 'held');
  return waiting(job, { by: 'client', until, ...(endsAt === undefined ? {} : { endsAt }) });
};

/** Ends any hold; a job that was held for its failures starts counting anew. */
export const release = (job: JobRecord): JobRecord => {
  if (job.state === 'pending') return job;
  if (job.state !== 'pending-held') throw notPossible(job, 'released');
  return waiting({ ...job, failures: 0 }, undefined);
};

/** Ends a client's hold whose time has come. */
export const holdIsOver = (job: JobRecord, now: number): boolean =>
  job.state === 'pending-held' && job.hold?.endsAt !== undefined && job.hold.endsAt <= now;

export const begin = (job: JobRecord, attempt: Attempt, now: number): JobRecord => {
  if (!isSchedulable(job)) throw notPossible(job, 'sent');
  enter(job, 'processing');
  return {
    // What became of an earlier attempt is not what happens now.
    ...without(job, 'message'),
    state: 'processing',
    reasons: ['job-printing'],
    processing: now,
    attempts: [...job.attempts, attempt].slice(-keptAttempts),
    attemptCount: attempt.number,
  };
};

const endAttempt = (job: JobRecord, outcome: Outcome, now: number, pagesAfter?: number): readonly Attempt[] => {
  const last = job.attempts.at(-1);
  if (last === undefined || last.ended !== undefined) return job.attempts;
  const { result, evidence, detail, bytes } = outcome;
  const ended = {
    ...last,
    ended: now,
    result,
    evidence,
    detail,
    bytes,
    ...(pagesAfter === undefined ? {} : { pagesAfter }),
  };
  return [...job.attempts.slice(0, -1), ended];
};

export interface AttemptEnd {
  readonly outcome: Outcome;
  readonly now: number;
  readonly pagesAfter?: number;
}

export const complete = (job: JobRecord, { outcome, now, pagesAfter }: AttemptEnd): JobRecord => {
  enter(job, 'completed');
  return {
    ...without(job, 'message', 'hold'),
    state: 'completed',
    reasons: ['job-completed-successfully'],
    message: outcome.detail,
    completed: now,
    documentsKept: true,
    attempts: endAttempt(job, outcome, now, pagesAfter),
  };
};

/** Back to its place in the queue after an attempt that did not deliver. A hold that came before the attempt had begun stays. */
export const requeue = (job: JobRecord, { outcome, now }: AttemptEnd, failed: boolean): JobRecord => ({
  ...waiting({ ...job, attempts: endAttempt(job, outcome, now) }, job.hold, outcome.detail),
  failures: job.failures + (failed ? 1 : 0),
});

export const holdAfterAttempt = (job: JobRecord, { outcome, now }: AttemptEnd, by: Hold['by']): JobRecord => ({
  ...waiting({ ...job, attempts: endAttempt(job, outcome, now) }, { by, until: 'indefinite' }, outcome.detail),
  failures: job.failures + 1,
});

/** Another list of nodes that have a document; nothing to do when the job does not list that document any more. */
export const relist = (job: JobRecord, document: StoredDocument, holders: StoredDocument['holders']): JobRecord => ({
  ...job,
  documents: job.documents.map((listed) => (listed.number === document.number ? { ...listed, holders } : listed)),
});

/** Held because a document is missing or not what was received. */
export const holdForDocument = (job: JobRecord, detail: string): JobRecord => {
  if (job.state === 'processing') throw notPossible(job, 'held');
  return waiting(job, { by: 'document', until: 'indefinite' }, detail);
};

const canceled: Outcome = { result: 'canceled', evidence: 'partial', detail: 'the job was canceled', bytes: 0 };

export const cancel = (
  job: JobRecord,
  { now, reason, end }: { now: number; reason: string; end?: Outcome },
): JobRecord => {
  if (isFinished(job.state)) throw notPossible(job, 'canceled');
  enter(job, 'canceled');
  return {
    ...without(job, 'hold', 'openUntil', 'message'),
    state: 'canceled',
    reasons: [reason],
    completed: now,
    documentsKept: true,
    attempts: endAttempt(job, end ?? canceled, now),
  };
};

export const abort = (job: JobRecord, message: string, now: number): JobRecord => {
  enter(job, 'aborted');
  return {
    ...without(job, 'hold', 'openUntil'),
    state: 'aborted',
    reasons: ['aborted-by-system'],
    message,
    completed: now,
    documentsKept: true,
  };
};

/** Its client sent the job `first` again under this id: nothing is printed of it (DECISIONS 40). */
export const giveWay = (job: JobRecord, first: number, now: number): JobRecord => ({
  ...abort(job, `it is job ${first}, sent again`, now),
  resendOf: first,
});

/** A job that gave way, as those who ask for it are to see it. */
export const standingFor = ({ id, uuid }: JobRecord, first: JobRecord): JobRecord => ({
  ...first,
  id,
  uuid,
  resendOf: first.id,
});

/** Restart-Job: a finished job whose documents are still there is printed again, under its own id. */
export const restart = (job: JobRecord, sequence: number, holdUntil?: Hold): JobRecord => {
  if (!isFinished(job.state)) throw notPossible(job, 'restarted');
  if (job.documentsKept !== true || job.documents.length === 0)
    throw new PlatenError('job-not-possible', `the documents of job ${job.id} are no longer kept`);
  const again = { ...without(job, 'completed', 'processing', 'documentsKept'), sequence, failures: 0 };
  return waiting(again, holdUntil);
};

/**
 * What becomes of a job that was `processing` when its node stopped or died (P5): another attempt, or a hold if the printer's
 * policy or the number of failed attempts says so.
 */
export const recover = (
  job: JobRecord,
  { interrupted, maxAttempts, now }: { interrupted: 'restart' | 'hold'; maxAttempts: number; now: number },
): JobRecord => {
  if (job.state !== 'processing') return job;
  const outcome: Outcome = {
    result: 'interrupted',
    evidence: 'partial',
    detail: 'the node stopped while the job was being sent',
    bytes: job.attempts.at(-1)?.bytes ?? 0,
  };
  const end = { outcome, now };
  if (interrupted === 'hold') return holdAfterAttempt(job, end, 'interrupted');
  if (job.failures + 1 >= maxAttempts) return holdAfterAttempt(job, end, 'attempts');
  return requeue(job, end, true);
};
