// A job at the printer, followed to its end (RFC 8011 section 5.3.7). Paper that is out, a lid that is open or a job that
// is held there ends nothing; it is shown (R42).

import { findGroup, integerOf, keywordsOf } from '../protocols/ipp/lookup.js';
import { groupTags } from '../protocols/ipp/tags.js';
import type { Clock } from '../platform/clock.js';
import { type JobReport, jobReportOf, meaningOf, sentenceOf } from './ipp-answers.js';
import type { IppDialogue } from './ipp-dialogue.js';
import { askJob, askPrinterState } from './ipp-requests.js';
import type { IppWatch } from './ipp-watch.js';
import type { Delivery } from './port.js';
import { printerText } from './printer-text.js';

export interface FollowParts {
  readonly dialogue: IppDialogue;
  readonly delivery: Delivery;
  readonly watch: IppWatch;
  readonly clock: Clock;
}

export interface JobEnd {
  /** `gone`: the printer no longer knows the job; `unknown`: it stopped telling; `stopped`, `lost-ownership`: we ended it. */
  readonly end: 'completed' | 'canceled' | 'aborted' | 'gone' | 'unknown' | 'stopped' | 'lost-ownership';
  /** One sentence. */
  readonly detail: string;
}

/** Waits between two looks; the last one is repeated. A quick printer's next job does not wait for a slow look. */
const looksMs = [100, 200, 500, 1_000, 2_000] as const;
const slowestLookMs = 5_000;
/** From this look on the printer is asked for its own state, too. */
const lookAtPrinterFrom = 4;
/** A printer that acknowledged the whole job and then says nothing for so long is not asked any more. */
export const followLimitMs = 600_000;
/** For the question whether a document arrived whose acknowledgement was lost. */
export const settleLimitMs = 30_000;

const stopped = 5;

/** Why the printer does not go on, as far as it says so. */
const printerTrouble = async ({ dialogue, delivery }: FollowParts): Promise<string | undefined> => {
  const got = await dialogue.ask(askPrinterState(delivery));
  if (got.got !== 'answer' || meaningOf(got) !== 'ok') return undefined;
  const printer = findGroup(got.message, groupTags.printer);
  if (integerOf(printer, 'printer-state') !== stopped) return undefined;
  return `the printer is stopped (${printerText(keywordsOf(printer, 'printer-state-reasons').join(', '))})`;
};

const show = async (report: JobReport, look: number, parts: FollowParts): Promise<void> => {
  const waits = report.state === 'held' || report.state === 'stopped';
  const trouble = waits || look >= lookAtPrinterFrom ? await printerTrouble(parts) : undefined;
  const reasons = report.reasons === '' ? '' : ` (${report.reasons})`;
  const job = waits ? `the printer has put the job aside${reasons}` : `the printer has the job${reasons}`;
  parts.watch.enter(waits || trouble !== undefined ? 'stalled' : 'confirming', trouble ? `${job}; ${trouble}` : job);
};

const ended = ({ state, reasons }: JobReport): JobEnd | undefined => {
  const why = reasons === '' ? '' : ` (${reasons})`;
  switch (state) {
    case 'completed':
      return { end: 'completed', detail: `the printer completed the job${why}` };
    case 'canceled':
      return { end: 'canceled', detail: `the job was canceled at the printer${why}` };
    case 'aborted':
      return { end: 'aborted', detail: `the printer aborted the job${why}` };
    case 'pending':
    case 'held':
    case 'processing':
    case 'stopped':
    case 'unknown':
      return undefined;
    default:
      return state satisfies never;
  }
};

export const followJob = async (jobId: number, parts: FollowParts): Promise<JobEnd> => {
  const { dialogue, delivery, watch, clock } = parts;
  let heard = clock.monotonic();
  for (let look = 0; ; look += 1) {
    if (delivery.signal.aborted) return { end: 'stopped', detail: 'the job was stopped while the printer had it' };
    if (!delivery.mayContinue()) return { end: 'lost-ownership', detail: 'this node no longer holds the printer' };
    const got = await dialogue.ask(askJob(delivery, jobId));
    const meaning = meaningOf(got);
    if (meaning === 'gone') return { end: 'gone', detail: 'the printer took the job and no longer knows it' };
    if (meaning === 'auth-required') return { end: 'unknown', detail: `the printer took the job; ${sentenceOf(got)}` };
    const report = got.got === 'answer' && meaning === 'ok' ? jobReportOf(got.message) : undefined;
    const end = report && ended(report);
    if (end) return end;
    if (report && report.state !== 'unknown') {
      heard = clock.monotonic();
      await show(report, look, parts);
    } else if (!delivery.signal.aborted) {
      const silent = `the printer took the job; ${sentenceOf(got)}`;
      if (clock.monotonic() - heard >= followLimitMs) return { end: 'unknown', detail: silent };
      watch.enter('stalled', silent);
    }
    await clock.sleep(looksMs[look] ?? slowestLookMs, delivery.signal);
  }
};

/**
 * The answer to a job's last document was lost: whether the printer has the whole job. A printer that got only a part of
 * it still waits for the rest, or has aborted the job.
 */
export const hasWholeJob = async (
  jobId: number,
  { dialogue, delivery, watch, clock }: FollowParts,
): Promise<boolean> => {
  const deadline = clock.monotonic() + settleLimitMs;
  for (let look = 0; ; look += 1) {
    if (delivery.signal.aborted || !delivery.mayContinue()) return false;
    watch.enter('confirming', 'the answer of the printer was lost; asking whether it has the job');
    const got = await dialogue.ask(askJob(delivery, jobId));
    const meaning = meaningOf(got);
    if (meaning === 'gone') return false;
    if (got.got === 'answer' && meaning === 'ok') {
      const { state, incoming } = jobReportOf(got.message);
      if (state === 'completed') return true;
      if (state === 'canceled' || state === 'aborted') return false;
      if (state !== 'unknown' && !incoming) return true;
    }
    if (clock.monotonic() >= deadline) return false;
    await clock.sleep(looksMs[look] ?? slowestLookMs, delivery.signal);
  }
};
