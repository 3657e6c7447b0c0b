// ipp:// and ipps://: printers that speak IPP themselves (RFC 8011). The printer is asked what it can, gets the job, and is
// asked about it until it has ended; a job that does not go through is called back there, so that it is not printed twice.

import { formatDeviceUri } from '../model/device-uri.js';
import type { Outcome } from '../model/outcome.js';
import type { IppVersion } from '../protocols/ipp/values.js';
import type { Clock } from '../platform/clock.js';
import { jobReportOf, meaningOf } from './ipp-answers.js';
import { IppAttempt } from './ipp-attempt.js';
import { IppDialogue, newestVersion } from './ipp-dialogue.js';
import { askJob, cancelJob } from './ipp-requests.js';
import { IppWatch } from './ipp-watch.js';
import type { Delivery, Port, PortTarget } from './port.js';
import { SystemTrust } from './system-trust.js';

/** For calling all jobs of an attempt back. */
const withdrawMs = 2_000;
/** Devices whose IPP version is remembered. */
const remembered = 10_000;

export class IppPort implements Port {
  readonly #clock: Clock;
  readonly #trust: SystemTrust;
  readonly #versions = new Map<string, IppVersion>();

  constructor({ clock, trust = new SystemTrust() }: { readonly clock: Clock; readonly trust?: SystemTrust }) {
    this.#clock = clock;
    this.#trust = trust;
  }

  async print(target: PortTarget, delivery: Delivery): Promise<Outcome> {
    const clock = this.#clock;
    const device = formatDeviceUri(target.uri);
    const version = this.#versions.get(device) ?? newestVersion;
    const dialogue = new IppDialogue({ ...this.#parts(target, delivery), signal: delivery.signal, version });
    const watch = new IppWatch({ clock, delivery, onLost: () => attempt.lose() });
    const attempt = new IppAttempt({ dialogue, delivery, watch, clock });
    try {
      const outcome = await attempt.run();
      if (outcome.result === 'delivered' || outcome.result === 'lost-ownership') return outcome;
      // A printer with room for one connection would not hear the next one.
      dialogue.reset();
      const completed = await this.#withdraw(attempt, { target, delivery, version: dialogue.version });
      if (!attempt.complete || !completed) return outcome;
      return { ...outcome, result: 'delivered', evidence: 'confirmed', detail: 'the job had been printed already' };
    } catch (error) {
      // The documents' source or `begin` failed: the printer must not take half a job for a whole one.
      dialogue.reset();
      await this.#withdraw(attempt, { target, delivery, version: dialogue.version });
      throw error;
    } finally {
      watch.stop();
      dialogue.close();
      this.#remember(device, dialogue.version);
    }
  }

  /** Cancels what the printer has of the job. True when it turned out that all of it had been completed. */
  async #withdraw(
    { unfinished }: IppAttempt,
    { target, delivery, version }: { target: PortTarget; delivery: Delivery; version: IppVersion },
  ): Promise<boolean> {
    if (unfinished.size === 0 || !delivery.mayContinue()) return false;
    const bound = new AbortController();
    const cancelTimer = this.#clock.after(withdrawMs, () => bound.abort());
    const dialogue = new IppDialogue({ ...this.#parts(target, delivery), signal: bound.signal, version });
    let completed = 0;
    try {
      for (const jobId of unfinished) {
        const canceled = await dialogue.ask(cancelJob(delivery, jobId));
        if (meaningOf(canceled) !== 'gone' || bound.signal.aborted) continue;
        const asked = await dialogue.ask(askJob(delivery, jobId));
        if (asked.got === 'answer' && jobReportOf(asked.message).state === 'completed') completed += 1;
      }
    } finally {
      cancelTimer();
      dialogue.close();
    }
    return completed === unfinished.size;
  }

  #parts(target: PortTarget, delivery: Delivery) {
    return { target, clock: this.#clock, trust: this.#trust, mayContinue: () => delivery.mayContinue() };
  }

  #remember(device: string, version: IppVersion): void {
    this.#versions.delete(device);
    if (version.major === newestVersion.major) return;
    this.#versions.set(device, version);
    const [oldest] = this.#versions.keys();
    if (this.#versions.size > remembered && oldest !== undefined) this.#versions.delete(oldest);
  }
}
