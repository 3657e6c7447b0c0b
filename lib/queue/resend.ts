// Pure: is a job that came in whole one that its client has sent before, not knowing that it was accepted? Anything doubtful is a new job.

import { isFinished, type JobRecord } from '../model/job.js';

/** What a client says of a job, and what it sent: all of it is the same when it sends the job again. */
export type SentJob = Pick<JobRecord, 'printer' | 'name' | 'user' | 'origin' | 'copies' | 'ticket' | 'documents'>;

/** A resend comes so soon after the first job was accepted. */
export const resendWithinMs = 60_000;
/** Only what was accepted so late in the epoch before may have been interrupted by the change of owner. */
export const lateInEpochMs = 5_000;

/** The first job, as far as this owner knows. Times are of its own monotonic clock. */
export type Acceptance = { readonly acceptedAt: number } & (
  | {
      /** In this epoch, on a connection of our own. */
      readonly epoch: 'this';
      /** How the connection ended before the client had gone on; `open`: it did not, or not so that anything can be told. */
      readonly ended: 'open' | 'abnormally';
    }
  | {
      /** In the epoch before. */
      readonly epoch: 'last';
      readonly epochEndedAt: number;
      /** Nodes that hold its documents and answer: true where the client is not known to have gone on. */
      readonly holders: readonly boolean[];
    }
);

/** Equal for jobs that may be one job sent twice. */
export const signatureOf = ({ printer, name, user, origin, copies, ticket, documents }: SentJob): string => {
  const { protocol, address, number = '' } = origin;
  const sent = documents.map(({ length, sha256 }) => [length, sha256]);
  return JSON.stringify([printer, name, user, protocol, address, number, copies, ticket, sent]);
};

/** Whether the client that sends it again at `resentAt` cannot have heard of the first one. */
export const wentUnheard = (first: Acceptance, resentAt: number): boolean => {
  if (resentAt - first.acceptedAt > resendWithinMs) return false;
  if (first.epoch === 'this') return first.ended === 'abnormally';
  const isLate = first.epochEndedAt - first.acceptedAt <= lateInEpochMs;
  return isLate && first.holders.length > 0 && first.holders.every(Boolean);
};

/** What the record of the first job has to say to it: a job answers for one resend, and not if it was called back meanwhile. */
export const mayAnswer = ({ state, resends = 0, openUntil }: JobRecord): boolean =>
  resends === 0 && openUntil === undefined && (state === 'completed' || !isFinished(state));
