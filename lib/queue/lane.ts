// One printer's way out: what it does just now and when it tries again. Soft state, on no record.

import type { JobRecord } from '../model/job.js';
import type { Progress } from '../ports/port.js';

/** One attempt under way. */
export interface Run {
  readonly job: JobRecord;
  readonly deviceAddresses: readonly string[];
  readonly abort: AbortController;
  /** Puts the end of the job before on record; false when that is not possible. May be called again. */
  before: () => Promise<boolean>;
  endedBy?: 'cancel' | 'cut-off';
  /** Its attempt is being put on record, or is: from then on it has been made, whatever becomes of it. */
  begins: boolean;
  progress: Progress;
  ended: Promise<void>;
}

/** Soft state of one printer: what it does just now, and when it tries again. */
export interface Lane {
  run?: Run | undefined;
  /** The run before, while its end is being put on record. */
  before?: Run | undefined;
  /** Attempts in a row that the device did not take up. */
  refusals: number;
  /** Why the last one was not, for people. */
  refusal: string;
  /** When it last began or ended an attempt: wall clock, ms since 1970; 0 for never. */
  changed: number;
  /** Takes the wait for the next attempt back. */
  cancelWait?: (() => void) | undefined;
}

export interface LaneView {
  readonly job?: number;
  readonly progress?: Progress;
  readonly refusals: number;
  readonly refusal: string;
  readonly changed: number;
}

export const newLane = (): Lane => ({ refusals: 0, refusal: '', changed: 0 });

export const newRun = (job: JobRecord, deviceAddresses: readonly string[], before: Run['before']): Run => ({
  job,
  deviceAddresses,
  before,
  abort: new AbortController(),
  begins: false,
  progress: { phase: 'connecting', written: 0, drained: 0, detail: '' },
  ended: Promise.resolve(),
});

export const viewOf = (lane: Lane | undefined): LaneView => {
  const { run, refusals, refusal, changed } = lane ?? newLane();
  return { refusals, refusal, changed, ...(run === undefined ? {} : { job: run.job.id, progress: run.progress }) };
};
