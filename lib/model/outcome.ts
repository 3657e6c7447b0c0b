// What one attempt to print ended with, as the port reports it. A fact, not a judgement: lib/queue/verdict.ts judges.

export const results = [
  'delivered',
  'unreachable',
  'busy',
  'needs-attention',
  'rejected',
  'auth-required',
  'interrupted',
  'canceled',
  'lost-ownership',
] as const;
export type Result = (typeof results)[number];

/** How much of the job may be on paper: nothing; some; all bytes taken by the printer; the printer said so. */
export type Evidence = 'not-started' | 'partial' | 'sent-unconfirmed' | 'confirmed';

export interface Outcome {
  readonly result: Result;
  readonly evidence: Evidence;
  /** One sentence for people; control characters from the printer are stripped before they get here (R44). */
  readonly detail: string;
  /** Bytes of documents written towards the device. */
  readonly bytes: number;
}

/** One try to print one job, as its record keeps it. */
export interface Attempt {
  readonly number: number;
  readonly node: string;
  readonly epoch: number;
  /** TCP source port of the connection to the device; 0 where there was none. */
  readonly sourcePort: number;
  /** Wall clock, ms since 1970. */
  readonly started: number;
  /** Absent while the attempt runs, and for ever when the node died in it. */
  readonly ended?: number;
  readonly result?: Result;
  readonly evidence: Evidence;
  readonly bytes: number;
  readonly detail: string;
  /** The printer's life-time page counter (prtMarkerLifeCount) before and after, where SNMP gave one. */
  readonly pagesBefore?: number;
  readonly pagesAfter?: number;
}
