// Gives each free device its next job and carries out what is to become of it. One lane a printer; printers on one device share its locks.

import { parseDeviceUri } from '../model/device-uri.js';
import type { JobRecord } from '../model/job.js';
import type { Outcome } from '../model/outcome.js';
import type { PrinterRecord } from '../model/printer.js';
import type { Tenure } from '../model/ownership.js';
import { PlatenError } from '../errors.js';
import type { Clock } from '../platform/clock.js';
import type { Log } from '../platform/log.js';
import type { Progress } from '../ports/port.js';
import { carryOut } from './completion.js';
import type { EventSink } from './events.js';
import * as change from './job-changes.js';
import type { JobRunControl, JobRunEnd } from './job-run.js';
import type { JobTable } from './job-table.js';
import type { PrinterTable } from './printer-table.js';
import { type Candidate, isSchedulable, nextJob, schedule } from './schedule.js';
import { type Verdict, verdictOn } from './verdict.js';

interface Run {
  readonly job: JobRecord;
  readonly locks: readonly string[];
  readonly abort: AbortController;
  endedBy?: 'cancel' | 'cut-off';
  progress: Progress;
  ended: Promise<void>;
}

/** Soft state of one printer: what it does just now, and when it tries again. */
interface Lane {
  run?: Run;
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

interface Parts {
  readonly tenure: Tenure;
  readonly jobs: JobTable;
  readonly printers: PrinterTable;
  readonly clock: Clock;
  readonly log: Log;
  readonly events: EventSink;
  readonly run: (job: JobRecord, printer: PrinterRecord, control: JobRunControl) => Promise<JobRunEnd>;
}

const connecting: Progress = { phase: 'connecting', written: 0, drained: 0, detail: '' };

/** What must be free for this printer to print (R48). */
export const locksOf = (printer: PrinterRecord): readonly string[] => {
  if (printer.device.lock === 'address') return printer.deviceAddresses;
  const parsed = parseDeviceUri(printer.deviceUri);
  const port = parsed.ok ? parsed.uri.port : 0;
  return printer.deviceAddresses.map((address) => `${address} ${port}`);
};

export class Dispatcher {
  readonly #parts: Parts;
  readonly #lanes = new Map<string, Lane>();
  readonly #held = new Set<string>();
  readonly #dirty = new Set<string>();
  #state: 'idle' | 'running' | 'stopping' = 'idle';
  #tickDue = false;

  constructor(parts: Parts) {
    this.#parts = parts;
    parts.jobs.onChange((job) => {
      if (isSchedulable(job)) this.#wake(job.printer);
    });
    parts.printers.onChange((printer, before) => {
      if (printer === undefined && before !== undefined) this.#forget(before.name);
      else if (printer !== undefined) this.retryNow(printer.name);
    });
  }

  start(): void {
    this.#state = 'running';
    for (const { name } of this.#parts.printers.all()) this.#wake(name);
  }

  /** Starts no further job; waits up to `cutOffAfterMs` for the documents being sent, then cuts them off: they are restarted later. */
  async stop(cutOffAfterMs: number): Promise<void> {
    this.#state = 'stopping';
    for (const lane of this.#lanes.values()) lane.cancelWait?.();
    const cancelTimer = this.#parts.clock.after(cutOffAfterMs, () => {
      for (const lane of this.#lanes.values()) this.#end(lane, 'cut-off');
    });
    // Whoever has not sent a byte yet is not waited for.
    for (const lane of this.#lanes.values()) {
      if (lane.run?.progress.phase === 'connecting') this.#end(lane, 'cut-off');
    }
    await Promise.all([...this.#lanes.values()].map((lane) => lane.run?.ended));
    cancelTimer();
  }

  view(printer: string): LaneView {
    const lane = this.#lanes.get(printer);
    if (lane === undefined) return { refusals: 0, refusal: '', changed: 0 };
    const { run, refusals, refusal, changed } = lane;
    return { refusals, refusal, changed, ...(run === undefined ? {} : { job: run.job.id, progress: run.progress }) };
  }

  /** Ends the attempt that is printing this job; resolves when what became of it is on record. */
  async cancel(job: JobRecord): Promise<void> {
    const lane = this.#lanes.get(job.printer);
    if (lane?.run?.job.id !== job.id) return;
    const { ended } = lane.run;
    this.#end(lane, 'cancel');
    await ended;
  }

  /** Cuts off what this printer prints; the job goes back to its place. */
  async cutOff(printer: string): Promise<void> {
    const lane = this.#lanes.get(printer);
    if (lane?.run === undefined) return;
    const { ended } = lane.run;
    this.#end(lane, 'cut-off');
    await ended;
  }

  /** Forgets a wait after a failed attempt: the device is said to be back, or its settings changed. */
  retryNow(printer: string): void {
    const lane = this.#lanes.get(printer);
    lane?.cancelWait?.();
    if (lane !== undefined) lane.cancelWait = undefined;
    this.#wake(printer);
  }

  #wake(printer: string): void {
    this.#dirty.add(printer);
    if (this.#tickDue || this.#state !== 'running') return;
    this.#tickDue = true;
    setImmediate(() => {
      this.#tickDue = false;
      this.#tick();
    });
  }

  #tick(): void {
    if (this.#state !== 'running' || !this.#parts.tenure.holds()) return;
    const candidates: Candidate[] = [];
    for (const name of this.#dirty) {
      const candidate = this.#candidateOf(name);
      if (candidate === undefined) this.#dirty.delete(name);
      else candidates.push(candidate);
    }
    for (const { job, locks } of schedule(candidates, this.#held)) {
      this.#dirty.delete(job.printer);
      const printer = this.#parts.printers.get(job.printer);
      if (printer !== undefined) this.#launch(job, printer, locks);
    }
    // The rest wait for a lock and stay dirty: whoever frees one brings the next tick.
  }

  #candidateOf(name: string): Candidate | undefined {
    const printer = this.#parts.printers.get(name);
    if (printer === undefined || printer.paused) return undefined;
    const lane = this.#lanes.get(name);
    if (lane?.run !== undefined || lane?.cancelWait !== undefined) return undefined;
    const job = nextJob(this.#parts.jobs.unfinishedOf(name));
    return job === undefined ? undefined : { job, locks: locksOf(printer) };
  }

  #launch(job: JobRecord, printer: PrinterRecord, locks: readonly string[]): void {
    const lane: Lane = this.#lanes.get(printer.name) ?? { refusals: 0, refusal: '', changed: 0 };
    this.#lanes.set(printer.name, lane);
    const run: Run = { job, locks, abort: new AbortController(), progress: connecting, ended: Promise.resolve() };
    lane.run = run;
    lane.changed = this.#parts.clock.wall();
    for (const lock of locks) this.#held.add(lock);
    run.ended = this.#attempt(lane, run, printer).finally(() => {
      delete lane.run;
      lane.changed = this.#parts.clock.wall();
      for (const lock of locks) this.#held.delete(lock);
      this.#wake(printer.name);
    });
  }

  async #attempt(lane: Lane, run: Run, printer: PrinterRecord): Promise<void> {
    const { jobs, log } = this.#parts;
    const { job } = run;
    const control: JobRunControl = {
      signal: run.abort.signal,
      progress: (progress) => {
        this.#noteProgress(run, progress);
      },
    };
    try {
      const { outcome, pagesAfter } = await this.#parts.run(job, printer, control);
      // What the record says now: it may have been held or canceled before the attempt began.
      const current = jobs.unfinished(job.id);
      if (current === undefined) return;
      await this.#conclude(lane, run, current, outcome, pagesAfter);
    } catch (error) {
      await this.#attemptFailed(lane, run, error).catch((cause: unknown) => {
        log.error({ job: job.id, err: cause }, 'the end of an attempt could not be put on record');
        this.#waitBefore(printer.name, lane, 1_000);
      });
    }
  }

  async #conclude(lane: Lane, run: Run, job: JobRecord, outcome: Outcome, pagesAfter?: number): Promise<void> {
    const { printers, log } = this.#parts;
    const printer = printers.must(job.printer);
    this.#noteReachability(lane, printer, outcome);
    const verdict: Verdict = verdictOn(outcome, {
      failures: job.failures,
      maxAttempts: printer.maxAttempts,
      refusalsInARow: lane.refusals,
      ...(run.endedBy === undefined ? {} : { endedBy: run.endedBy }),
    });
    log.info(
      { job: job.id, printer: job.printer, epoch: this.#parts.tenure.epoch, ...outcome, verdict: verdict.do },
      'attempt ended',
    );
    await carryOut(verdict, { job, outcome, ...(pagesAfter === undefined ? {} : { pagesAfter }) }, this.#parts);
    if (verdict.do === 'hold')
      this.#parts.events.note('job-held', { job: job.id, printer: job.printer, text: outcome.detail });
    if (verdict.do === 'stop-printer')
      this.#parts.events.note('printer-paused', { printer: job.printer, text: outcome.detail });
    if (verdict.do === 'retry' && verdict.afterMs > 0) this.#waitBefore(job.printer, lane, verdict.afterMs);
  }

  async #attemptFailed(lane: Lane, run: Run, error: unknown): Promise<void> {
    const { jobs, log, clock, events } = this.#parts;
    const { job } = run;
    if (!(error instanceof PlatenError)) {
      // A bug, or a port that broke its promise: it counts as a failed attempt, so that the job is held in the end and the queue goes on.
      log.error({ job: job.id, err: error }, 'an attempt ended in an error that nobody expected');
      const current = jobs.unfinished(job.id);
      const outcome: Outcome = { result: 'interrupted', evidence: 'partial', detail: 'internal error', bytes: 0 };
      if (current !== undefined) await this.#conclude(lane, run, current, outcome);
      return;
    }
    if (error.code === 'document-damaged') {
      const outcome: Outcome = { result: 'interrupted', evidence: 'partial', detail: error.message, bytes: 0 };
      await jobs.update(job.id, (current) =>
        current.state === 'processing'
          ? change.holdAfterAttempt(current, { outcome, now: clock.wall() }, 'document')
          : change.holdForDocument(current, error.message),
      );
      events.note('document-damaged', { job: job.id, printer: job.printer, text: error.message });
      return;
    }
    log.warn({ job: job.id, code: error.code, err: error }, 'an attempt could not be made');
    if (error.code === 'job-not-possible' || error.code === 'job-not-found') return;
    this.#waitBefore(job.printer, lane, 1_000);
  }

  #noteReachability(lane: Lane, printer: PrinterRecord, outcome: Outcome): void {
    const { events } = this.#parts;
    const refused =
      outcome.result === 'unreachable' || outcome.result === 'busy' || outcome.result === 'needs-attention';
    if (refused) {
      lane.refusals += 1;
      lane.refusal = outcome.detail;
      if (lane.refusals === 1) events.note('printer-unreachable', { printer: printer.name, text: outcome.detail });
    } else if (lane.refusals > 0 && outcome.result !== 'canceled') {
      lane.refusals = 0;
      lane.refusal = '';
      events.note('printer-reachable', { printer: printer.name, text: '' });
    }
  }

  #noteProgress(run: Run, progress: Progress): void {
    if (progress.phase === 'stalled' && run.progress.phase !== 'stalled')
      this.#parts.events.note('printer-stalled', {
        job: run.job.id,
        printer: run.job.printer,
        text: progress.detail,
      });
    run.progress = progress;
  }

  #waitBefore(printer: string, lane: Lane, ms: number): void {
    if (this.#state !== 'running') return;
    lane.cancelWait = this.#parts.clock.after(ms, () => {
      lane.cancelWait = undefined;
      this.#wake(printer);
    });
  }

  #end(lane: Lane, by: 'cancel' | 'cut-off'): void {
    if (lane.run === undefined || lane.run.endedBy !== undefined) return;
    lane.run.endedBy = by;
    lane.run.abort.abort(by);
  }

  #forget(printer: string): void {
    this.#lanes.get(printer)?.cancelWait?.();
    this.#lanes.delete(printer);
    this.#dirty.delete(printer);
  }
}
