// A job's record and the law of its states (RFC 8011 section 5.3.7). `jobs/<group>/<id>` while unfinished, `done/<group>/<id>` after.

import type { StoredDocument } from './document.js';
import type { Attempt } from './outcome.js';

export const jobStates = ['pending', 'pending-held', 'processing', 'canceled', 'aborted', 'completed'] as const;
export type JobState = (typeof jobStates)[number];

/** Where a job came from. The user is a claim, not a proof (R52). */
export interface JobOrigin {
  readonly protocol: 'ipp' | 'lpd' | 'rest';
  /** The client's IP address. */
  readonly address: string;
  /** LPD: the number that the client gave the job; it keeps it when it sends the job again. */
  readonly number?: string;
}

/** Why a job waits although it could be printed, and until when. */
export interface Hold {
  /** `client`: job-hold-until or Hold-Job; `attempts`: maxAttempts reached; `interrupted`: printer policy; `document`: damaged or missing. */
  readonly by: 'client' | 'attempts' | 'interrupted' | 'document';
  /** job-hold-until as the client wrote it. */
  readonly until: string;
  /** Wall clock, ms since 1970, at which the hold ends by itself. */
  readonly endsAt?: number;
}

export interface JobRecord {
  readonly version: number;
  readonly id: number;
  /** Bare UUID, without `urn:uuid:`. */
  readonly uuid: string;
  readonly printer: string;
  readonly state: JobState;
  /** job-state-reasons keywords; empty stands for `none`. */
  readonly reasons: readonly string[];
  /** job-state-message. */
  readonly message?: string;
  readonly name: string;
  readonly user: string;
  /** The client's name of its own host (job-originating-host-name, LPD `H`). */
  readonly host?: string;
  readonly origin: JobOrigin;
  readonly language: string;
  /** 1 (lowest) to 100. */
  readonly priority: number;
  readonly copies: number;
  readonly hold?: Hold;
  /** Waits for more documents (Create-Job without last-document); wall clock at which it is ended if none comes. */
  readonly openUntil?: number;
  /** Order of acceptance within the group; set when the last document is in. */
  readonly sequence?: number;
  readonly documents: readonly StoredDocument[];
  /** The job template attributes that the client sent, as an RFC 8010 job-attributes-tag group, base64; empty for none. */
  readonly ticket: string;
  /** Wall clock, ms since 1970. */
  readonly created: number;
  readonly processing?: number;
  readonly completed?: number;
  /** The last 20. */
  readonly attempts: readonly Attempt[];
  readonly attemptCount: number;
  /** Attempts that ended in the printer's reset, its refusal or the node's death; release and restart set it to 0. */
  readonly failures: number;
  /** How often its client sent it again, not having heard the answer, and was told of this job. */
  readonly resends?: number;
  /** The job that this one was found to be, sent again under an id of its own: whoever asks for this one is answered about that one. */
  readonly resendOf?: number;
  /** In `done/`: documents are still in the spool (Restart-Job works). */
  readonly documentsKept?: boolean;
}

export const keptAttempts = 20;
export const defaultPriority = 50;

/** What may follow each state. A pair that is not here is a programmer's error. */
export const jobTransitions: Readonly<Record<JobState, readonly JobState[]>> = {
  pending: ['pending-held', 'processing', 'canceled', 'aborted'],
  'pending-held': ['pending', 'canceled', 'aborted'],
  processing: ['pending', 'pending-held', 'completed', 'canceled', 'aborted'],
  canceled: ['pending', 'pending-held'],
  aborted: ['pending', 'pending-held'],
  completed: ['pending', 'pending-held'],
};

export const isFinished = (state: JobState): boolean =>
  state === 'canceled' || state === 'aborted' || state === 'completed';

/** Throws when `to` may not follow `from`; staying in a state is always allowed. */
export const assertTransition = (from: JobState, to: JobState): void => {
  if (from !== to && !jobTransitions[from].includes(to)) throw new Error(`job state ${to} cannot follow ${from}`);
};

/** Octets of all documents together. */
export const jobOctets = (job: Pick<JobRecord, 'documents'>): number =>
  job.documents.reduce((sum, document) => sum + document.length, 0);
