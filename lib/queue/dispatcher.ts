// Gives each free device its next job and carries out what is to become of it. One lane a printer; printers on one device share its locks.

import type { JobRecord } from '../model/job.js';
import type { Outcome } from '../model/outcome.js';
import type { PrinterRecord } from '../model/printer.js';
import type { Tenure } from '../model/ownership.js';
import { PlatenError } from '../errors.js';
import type { Clock } from '../platform/clock.js';
import type { Log } from '../platform/log.js';
import type { Progress } from '../ports/port.js';
import { type AttemptEnd, attemptEnd } from './attempt-end.js';
import { carryOut } from './completion.js';
import { type DeviceLock, DeviceLocks, locksOf } from './device-locks.js';
import type { EventSink } from './events.js';
import type { JobRunControl, JobRunEnd } from './job-run.js';
import type { JobTable } from './job-table.js';
import { type Lane, type LaneView, newLane, newRun, type Run, viewOf } from './lane.js';
import type { PrinterTable } from './printer-table.js';
import { type Candidate, isSchedulable, schedule } from './schedule.js';

interface Parts {
  readonly tenure: Tenure;
  readonly jobs: JobTable;
  readonly printers: PrinterTable;
  readonly clock: Clock;
  readonly log: Log;
  readonly events: EventSink;
  readonly run: (job: JobRecord, printer: PrinterRecord, control: JobRunControl) => Promise<JobRunEnd>;
  /** Told when an attempt has ended and its end is on record. */
  readonly onEnd: () => void;
}

/** Where an attempt is made, and what is locked for it. */
interface Place {
  readonly printer: PrinterRecord;
  readonly locks: readonly DeviceLock[];
}

/** What an attempt that could not be made, or whose end could not be put on record, waits before it is tried again. */
const tryAgainMs = 1_000;

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const nothingBefore = async (): Promise<boolean> => true;

const isCalling = (lane: Lane | undefined): lane is Lane =>
  lane?.run !== undefined && lane.run.progress.phase === 'connecting' && !lane.run.begins;

export class Dispatcher {
  readonly #parts: Parts;
  readonly #lanes = new Map<string, Lane>();
  readonly #held = new DeviceLocks();
  readonly #dirty = new Set<string>();
  readonly #stopping = new AbortController();
  #state: 'idle' | 'running' | 'held' | 'stopping' = 'idle';
  #tickDue = false;

  constructor(parts: Parts) {
    this.#parts = parts;
    parts.jobs.onChange((job) => {
      if (isSchedulable(job)) this.#wake(job.printer);
    });
    parts.printers.onChange((printer, before) => {
      if (printer === undefined && before !== undefined) this.#forget(before.name);
      else if (printer !== undefined) this.#lookAnew(printer.name);
    });
  }

  start(): void {
    this.#state = 'running';
    for (const { name } of this.#parts.printers.all()) this.#wake(name);
  }

  /** Starts no further job until `resume`; documents being sent go on, whoever has not sent a byte yet ends. */
  hold(): void {
    if (this.#state !== 'running') return;
    this.#state = 'held';
    this.#endThoseCalling();
  }

  resume(): void {
    if (this.#state === 'held') this.start();
  }

  /** Cuts off every document that is being sent; the jobs go back to their places. Resolves when all these attempts have ended. */
  async cutOffAll(): Promise<void> {
    this.#endAll();
    const runs = [...this.#lanes.values()].flatMap(({ run, before }) => [before, run]);
    await Promise.all(runs.flatMap((run) => (run === undefined ? [] : [run.ended])));
  }

  /** The jobs that are being sent, or whose end is being put on record. */
  sending(): readonly JobRecord[] {
    return [...this.#lanes.values()].flatMap(({ run, before }) => [before, run].flatMap((each) => each?.job ?? []));
  }

  /** Starts no further job; waits up to `cutOffAfterMs` for the documents being sent, then cuts them off: they are restarted later. */
  async stop(cutOffAfterMs: number): Promise<void> {
    this.#state = 'stopping';
    this.#stopping.abort();
    for (const lane of this.#lanes.values()) lane.cancelWait?.();
    const cancelTimer = this.#parts.clock.after(cutOffAfterMs, () => this.#endAll());
    // Whoever has not sent a byte yet, or may send none any more, is not waited for.
    if (this.#parts.tenure.holds()) this.#endThoseCalling();
    else this.#endAll();
    await Promise.all([...this.#lanes.values()].flatMap(({ run }) => (run === undefined ? [] : [run.ended])));
    cancelTimer();
  }

  view(printer: string): LaneView {
    return viewOf(this.#lanes.get(printer));
  }

  /** Ends the attempt that is printing this job; resolves when what became of it is on record. */
  async cancel(job: JobRecord): Promise<void> {
    const lane = this.#lanes.get(job.printer);
    const run = [lane?.run, lane?.before].find((known) => known?.job.id === job.id);
    if (lane === undefined || run === undefined) return;
    if (run === lane.run) this.#end(lane, 'cancel');
    await run.ended;
  }

  /** Cuts off what this printer prints; the job goes back to its place. */
  async cutOff(printer: string): Promise<void> {
    const lane = this.#lanes.get(printer);
    if (lane?.run === undefined) return;
    const { ended } = lane.run;
    this.#end(lane, 'cut-off');
    await ended;
  }

  /** The printer has another device: what is still being sent to the one before is cut off, to be sent anew. */
  async leaveDevice(printer: string): Promise<void> {
    const former = this.#parts.printers.get(printer)?.formerAddresses ?? [];
    const used = this.#lanes.get(printer)?.run?.deviceAddresses ?? [];
    if (used.some((address) => former.includes(address))) await this.cutOff(printer);
  }

  /** Forgets a wait after a failed attempt: the device is said to be back, or its settings changed. */
  retryNow(printer: string): void {
    const lane = this.#lanes.get(printer);
    lane?.cancelWait?.();
    if (lane !== undefined) lane.cancelWait = undefined;
    this.#wake(printer);
  }

  /** The printer was changed: an attempt that has sent nothing yet begins anew, by what is on record now. */
  #lookAnew(printer: string): void {
    const lane = this.#lanes.get(printer);
    if (isCalling(lane)) this.#end(lane, 'cut-off');
    this.retryNow(printer);
  }

  #endThoseCalling(): void {
    for (const lane of this.#lanes.values()) if (isCalling(lane)) this.#end(lane, 'cut-off');
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
    const job = this.#parts.jobs.next(name);
    return job === undefined ? undefined : { job, locks: locksOf(printer) };
  }

  #launch(job: JobRecord, printer: PrinterRecord, locks: readonly DeviceLock[], before = nothingBefore): void {
    const lane = this.#lanes.get(printer.name) ?? newLane();
    this.#lanes.set(printer.name, lane);
    const run = newRun(job, printer.deviceAddresses, before);
    lane.before = lane.run;
    lane.run = run;
    lane.changed = this.#parts.clock.wall();
    for (const lock of locks) this.#held.take(lock);
    run.ended = this.#attempt(lane, run, { printer, locks }).finally(() => {
      if (lane.before === run) lane.before = undefined;
      if (lane.run === run) {
        lane.run = undefined;
        lane.changed = this.#parts.clock.wall();
        for (const lock of locks) this.#held.free(lock);
        this.#wake(printer.name);
      }
      this.#parts.onEnd();
    });
  }

  async #attempt(lane: Lane, run: Run, { printer, locks }: Place): Promise<void> {
    const { jobs, log } = this.#parts;
    const { job } = run;
    const progress = (now: Progress): void => this.#noteProgress(run, now);
    const beginning = (): void => {
      run.begins = true;
    };
    const ended = await this.#parts
      .run(job, printer, { signal: run.abort.signal, before: run.before, beginning, progress })
      .catch((error: unknown) => {
        log.warn({ job: job.id, printer: job.printer, err: error }, 'an attempt ended in an error');
        return { error };
      });
    await run.before();
    // Else each run would hold the one before it, and so on.
    run.before = nothingBefore;
    // What the record says now: it may have been held or canceled before the attempt began.
    const current = jobs.unfinished(job.id);
    if (current === undefined) return;
    if ('outcome' in ended) this.#noteReachability(lane, printer, ended.outcome);
    const end = attemptEnd({
      ended,
      state: current.state,
      history: {
        failures: current.failures,
        maxAttempts: this.#parts.printers.get(job.printer)?.maxAttempts ?? printer.maxAttempts,
        refusalsInARow: lane.refusals,
        ...(run.endedBy === undefined ? {} : { endedBy: run.endedBy }),
      },
    });
    if (end.kind === 'not-made') this.#waitBefore(job.printer, lane, tryAgainMs);
    if (end.kind !== 'verdict') return;
    let concluded: Promise<boolean> | undefined;
    const conclude = (): Promise<boolean> => (concluded ??= this.#conclude(lane, current, end));
    if (end.verdict.do === 'done') await this.#handOn(lane, run, { printer, locks }, conclude);
    await conclude();
  }

  /**
   * The device is done with this job: its next one calls it already, and `begin` puts the end of this one on record first (R13). A
   * connection that stands within two turns of the event loop has both in one write.
   */
  async #handOn(lane: Lane, run: Run, place: Place, conclude: () => Promise<boolean>): Promise<void> {
    const next = this.#nextInPlace(lane, run, place);
    if (next === undefined) return;
    this.#launch(next, place.printer, place.locks, conclude);
    await nextTurn();
    await nextTurn();
  }

  /** The job that would be next if this run had ended; undefined when the device is not this printer's then. */
  #nextInPlace(lane: Lane, run: Run, { printer, locks }: Place): JobRecord | undefined {
    if (this.#state !== 'running' || !this.#parts.tenure.holds()) return undefined;
    if (this.#parts.printers.get(printer.name) !== printer) return undefined;
    lane.run = undefined;
    for (const lock of locks) this.#held.free(lock);
    const names = new Set(this.#dirty).add(printer.name);
    const candidates = [...names].flatMap((name) => this.#candidateOf(name) ?? []);
    const next = schedule(candidates, this.#held).find(({ job }) => job.printer === printer.name);
    for (const lock of locks) this.#held.take(lock);
    lane.run = run;
    return next?.job;
  }

  /** False when the end of the attempt is not on record. */
  async #conclude(lane: Lane, job: JobRecord, end: AttemptEnd & { kind: 'verdict' }): Promise<boolean> {
    const { events, log, tenure } = this.#parts;
    const { verdict, outcome } = end;
    const { id, printer } = job;
    log.info({ job: id, printer, epoch: tenure.epoch, ...outcome, verdict: verdict.do }, 'attempt ended');
    if (!(await this.#putOnRecord(job, end))) {
      this.#waitBefore(printer, lane, tryAgainMs);
      return false;
    }
    const text = outcome.detail;
    if (verdict.do === 'hold')
      events.note(verdict.by === 'document' ? 'document-damaged' : 'job-held', { job: id, printer, text });
    if (verdict.do === 'stop-printer') events.note('printer-paused', { printer, text });
    if (verdict.do === 'retry' && verdict.afterMs > 0) this.#waitBefore(printer, lane, verdict.afterMs);
    return true;
  }

  /** While the store is out of reach the end of the attempt waits here, and with it the device's next job (R13). */
  async #putOnRecord(job: JobRecord, end: AttemptEnd & { kind: 'verdict' }): Promise<boolean> {
    const { clock, log, tenure } = this.#parts;
    for (;;) {
      try {
        await carryOut(end.verdict, { job, ...end }, this.#parts);
        return true;
      } catch (error) {
        log.error({ job: job.id, err: error }, 'the end of an attempt could not be put on record');
        const passes = error instanceof PlatenError && error.code === 'store-unreachable';
        if (!passes || !tenure.holds() || this.#state === 'stopping') return false;
        await clock.sleep(tryAgainMs, this.#stopping.signal);
      }
    }
  }

  #noteReachability(lane: Lane, printer: PrinterRecord, outcome: Outcome): void {
    const { events } = this.#parts;
    const refused =
      outcome.result === 'unreachable' || outcome.result === 'busy' || outcome.result === 'needs-attention';
    if (refused) {
      lane.refusals += 1;
      lane.refusal = outcome.detail;
      if (lane.refusals === 1) events.note('printer-unreachable', { printer: printer.name, text: outcome.detail });
    } else if (lane.refusals > 0 && outcome.result !== 'canceled' && outcome.result !== 'lost-ownership') {
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
    if (this.#state === 'stopping') return;
    lane.cancelWait?.();
    lane.cancelWait = this.#parts.clock.after(ms, () => {
      lane.cancelWait = undefined;
      this.#wake(printer);
    });
  }

  #endAll(): void {
    for (const lane of this.#lanes.values()) this.#end(lane, 'cut-off');
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
