// What happened in one run of a campaign, as data: the checker needs nothing else, so that a stored history can be judged again.

/**
 * What a client knows of one request. `cut`: it broke off before its last octet. `unknown`: all was sent, no answer came.
 * `not-sent`: no connection, or an earlier request of the job had failed.
 */
export type Answer = 'acknowledged' | 'refused' | 'unknown' | 'cut' | 'not-sent';

export interface SentDocument {
  readonly length: number;
  readonly sha256: string;
  answer: Answer;
}

/** One job as its client saw it; clients send nothing twice. */
export interface SentJob {
  /** Its name too. */
  readonly tag: string;
  readonly way: 'print-job' | 'create-job' | 'lpd';
  readonly printer: string;
  readonly sentAt: number;
  /** Of Create-Job. */
  created?: Answer;
  readonly documents: SentDocument[];
  /** From an acknowledgement; LPD gives none. */
  id?: number;
  answeredAt?: number;
  /** Why it was refused, or what broke. */
  detail?: string;
}

/** One connection to a printer that brought octets. Times: wall clock, ms since 1970. */
export interface Print {
  readonly printer: string;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly length: number;
  readonly tag?: string;
  /** Hashes of the documents that came out whole, in order. */
  readonly documents: readonly string[];
  readonly partOctets: number;
  readonly foreign: boolean;
}

export const killTargets = ['worker', 'parent', 'both'] as const;
export type KillTarget = (typeof killTargets)[number];

/** `time`: somewhere under load; `print`: the printer has just read the last octet of a job; `answer`: a client has just read an acknowledgement; `start`: while the node starts. */
export const killTriggers = ['time', 'print', 'answer', 'start'] as const;
export type KillTrigger = (typeof killTriggers)[number];

export interface Kill {
  readonly target: KillTarget | 'supervisor';
  /** `cut-off`: nothing was killed; documents being sent were cut off in order. */
  readonly trigger: KillTrigger | 'cut-off';
  readonly at: number;
  /** How long processes of that life were still there. */
  readonly goneAfterMs: number;
}

/** A job as the server shows it at the end. */
export interface JobAtEnd {
  readonly id: number;
  readonly name: string;
  readonly printer: string;
  readonly state: string;
  readonly attemptCount: number;
  readonly completed?: number;
  readonly documents: readonly { readonly number: number; readonly length: number; readonly sha256: string }[];
  readonly attempts: readonly { readonly result?: string; readonly evidence: string }[];
}

export interface History {
  readonly seed: string;
  readonly run: number;
  readonly jobs: readonly SentJob[];
  readonly prints: readonly Print[];
  readonly kills: readonly Kill[];
  /** When a client first saw a job as completed: its completion was on record before. */
  readonly seenCompleted: readonly { readonly id: number; readonly at: number }[];
  readonly settled: boolean;
  readonly end: readonly JobAtEnd[];
  /** Ids of acknowledgements that Get-Job-Attributes did not find at the end, with the status. */
  readonly notFound: readonly { readonly id: number; readonly status: number }[];
  /** Documents in the spool at the end. */
  readonly spooled: readonly { readonly job: number; readonly number: number; readonly sha256: string }[];
  /** Files that nothing accounts for, and descriptors and processes that should have gone. */
  readonly leftovers: readonly string[];
  readonly quarantined: number;
}
