// socket://: the printer's TCP port 9100. The bytes of the documents go out as they are; what came of them is told by the
// kernel (tx_queue 0: the printer's TCP has everything) and by the printer's FIN (it has read everything). See DESIGN 7.
//
// A FIN that comes while we still send is no end of the job: half-open is legal, and some printers close their sending
// side at once. Sending goes on until everything is acknowledged or the connection is reset; but that FIN confirms nothing.

import { PjlStatusReader } from '../protocols/pjl/status-reader.js';
import type { Evidence, Outcome, Result } from '../model/outcome.js';
import type { Clock } from '../platform/clock.js';
import type { Log } from '../platform/log.js';
import { connectDevice, describeFailure } from './connect.js';
import { DeviceLink } from './device-link.js';
import type { Delivery, Port, PortTarget } from './port.js';
import { ProgressWatch } from './progress-watch.js';
import { ReadAhead } from './read-ahead.js';
import { ProcTcpWitness, type TcpWitness } from './tcp-witness.js';

const connectTimeoutMs = 10_000;
/** Waits between two looks at the kernel's table; the last one is repeated. */
const looksMs = [1, 1, 2, 5, 10, 20, 50, 100, 250] as const;
const slowestLookMs = 250;
/** A live connection that the table does not show for so long: the table is not to be had. */
const absentMs = 2_000;

/** What is known of one attempt while it runs. */
interface Attempt {
  readonly link: DeviceLink;
  readonly target: PortTarget;
  readonly delivery: Delivery;
  readonly watch: ProgressWatch;
  /** PJL "job end" reports so far. */
  jobEnds: number;
  /** The printer's FIN came before it had everything. */
  early: boolean;
}

const outcome = (result: Result, evidence: Evidence, detail: string, bytes: number): Outcome => ({
  result,
  evidence,
  detail,
  bytes,
});

/** The outcome of a link that broke before the printer's TCP had everything. */
const broken = ({ cut, failure, written }: DeviceLink): Outcome => {
  const evidence = written > 0 ? 'partial' : 'not-started';
  if (cut === 'canceled') return outcome('canceled', evidence, 'the job was stopped while it was being sent', written);
  if (cut === 'lost-ownership')
    return outcome('lost-ownership', evidence, 'this node no longer holds the printer', written);
  const why = failure === undefined ? 'closed the connection' : describeFailure(failure);
  return outcome('interrupted', evidence, `the printer ${why} before it had taken everything`, written);
};

/** Each document of each copy, opened when it is asked for. */
function* sourcesOf({ documents, copies }: Delivery): Generator<ReadAhead, undefined> {
  for (let copy = 0; copy < copies; copy += 1) for (const document of documents) yield new ReadAhead(document.open());
  return undefined;
}

export class RawPort implements Port {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #witness: TcpWitness;

  constructor({ clock, log, witness }: { readonly clock: Clock; readonly log: Log; readonly witness?: TcpWitness }) {
    this.#clock = clock;
    this.#log = log;
    this.#witness = witness ?? new ProcTcpWitness();
  }

  async print(target: PortTarget, delivery: Delivery): Promise<Outcome> {
    const clock = this.#clock;
    const { signal } = delivery;
    const { host, port } = target.uri;
    const { addresses, source } = target;
    const watch = new ProgressWatch({ clock, witness: this.#witness, delivery });
    try {
      const connected = await connectDevice({
        host,
        addresses,
        port,
        source,
        signal,
        clock,
        timeoutMs: connectTimeoutMs,
      });
      if (signal.aborted && !connected.ok) return outcome('canceled', 'not-started', connected.reason, 0);
      if (!connected.ok) return outcome('unreachable', 'not-started', connected.reason, 0);
      const link = new DeviceLink(connected.socket, { clock, signal });
      watch.follow(link);
      try {
        return await this.#carry({ link, target, delivery, watch, jobEnds: 0, early: false });
      } catch (error) {
        // The documents' source or `begin` failed: the printer must not take half a job for a whole one.
        link.reset('canceled');
        throw error;
      } finally {
        link.close();
      }
    } finally {
      watch.stop();
    }
  }

  async #carry(attempt: Attempt): Promise<Outcome> {
    const { link, delivery, watch } = attempt;
    this.#listen(attempt);
    if (!delivery.mayContinue()) link.reset('lost-ownership');
    if (link.broken) return broken(link);
    watch.phase = 'waiting';
    const sources = sourcesOf(delivery);
    let next = sources.next();
    try {
      await delivery.begin({ sourcePort: link.connection.localPort });
      watch.phase = 'sending';
      for (; next.done !== true; next = sources.next())
        if (link.broken || !(await this.#send(next.value, attempt))) return broken(link);
    } finally {
      next.value?.leave();
    }
    watch.phase = 'draining';
    attempt.early = link.peerEnded;
    const witnessed = await this.#drain(attempt);
    if (witnessed === 'broken') return broken(link);
    watch.phase = 'confirming';
    return this.#confirm(attempt, witnessed);
  }

  /** Reads the back-channel, which is bounded and worth nothing but PJL status. */
  #listen(attempt: Attempt): void {
    const reader = new PjlStatusReader();
    attempt.link.listen((chunk) => {
      for (const status of reader.push(chunk)) {
        if (status.kind === 'job' && status.event === 'END') attempt.jobEnds += 1;
        if (status.kind === 'device') {
          const seen = `the printer says: ${status.display} (${status.code})`;
          if (attempt.watch.heard !== seen) this.#log.debug({ job: attempt.delivery.job.id }, seen);
          attempt.watch.heard = seen;
        }
      }
    });
  }

  /** Sends one document; false when the link broke. Throws what the source throws. */
  async #send(source: ReadAhead, { link, delivery }: Attempt): Promise<boolean> {
    for (;;) {
      const next = await link.unlessBroken(source.next());
      if (next === undefined) return false;
      if (next.done === true) return true;
      if (next.value.length === 0) continue;
      if (!delivery.mayContinue()) link.reset('lost-ownership');
      if (link.broken) return false;
      await link.send(next.value);
      if (link.broken) return false;
    }
  }

  /** Waits until the printer's TCP has acknowledged everything; `unseen`: nothing here can tell. */
  async #drain(attempt: Attempt): Promise<'acknowledged' | 'unseen' | 'broken'> {
    const { link, delivery } = attempt;
    let absentSince: number | undefined;
    for (let looks = 0; ; looks += 1) {
      if (!delivery.mayContinue()) link.reset('lost-ownership');
      const ended = link.peerEnded;
      const queued = await this.#witness.unacknowledged(link.connection);
      // A reset that comes after tx_queue 0 was seen cannot take anything back; one of our own may have.
      if (queued === 0 && link.cut === undefined) return 'acknowledged';
      if (link.broken) return 'broken';
      if (queued === 'unavailable') return 'unseen';
      if (queued === 'absent') link.probe();
      absentSince = queued === 'absent' ? (absentSince ?? this.#clock.monotonic()) : undefined;
      if (absentSince !== undefined && this.#clock.monotonic() - absentSince > absentMs) return 'unseen';
      if (ended) attempt.early = true;
      await link.event(looksMs[looks] ?? slowestLookMs);
    }
  }

  /** After a FIN the kernel still lists the connection (TIME_WAIT at least), after a reset it does not. */
  async #isRealEnd(link: DeviceLink): Promise<boolean> {
    if (!link.endIsDoubtful) return true;
    return (await this.#witness.unacknowledged(link.connection)) !== 'absent';
  }

  /** Half-closes and waits for the printer to say that it has read everything. */
  async #confirm(attempt: Attempt, witnessed: 'acknowledged' | 'unseen'): Promise<Outcome> {
    const { link, target, delivery } = attempt;
    const { halfClose, confirmAfterMs } = target.options;
    const jobs = delivery.copies * delivery.documents.length;
    const deadline = this.#clock.monotonic() + confirmAfterMs;
    const bytes = link.written;
    const taken =
      witnessed === 'acknowledged' ? 'took everything' : 'may have taken everything (the kernel cannot tell)';
    const unconfirmed = (then: string): Outcome =>
      outcome('delivered', 'sent-unconfirmed', `the printer ${taken}${then}`, bytes);
    link.keepWhatWasSent();
    if (halfClose) link.halfClose();
    for (;;) {
      if (attempt.jobEnds >= jobs && jobs > 0)
        return outcome('delivered', 'confirmed', 'the printer reported the end of the job', bytes);
      if (link.peerEnded && witnessed === 'unseen') return unconfirmed(' and closed the connection');
      if (link.peerEnded && !attempt.early && (await this.#isRealEnd(link)))
        return outcome('delivered', 'confirmed', 'the printer took everything and closed the connection', bytes);
      if (link.failure !== undefined && witnessed === 'unseen') return broken(link);
      if (attempt.early) return unconfirmed(', but had closed its side before');
      if (link.broken || link.peerEnded) return unconfirmed(', then broke the connection');
      if (delivery.signal.aborted) return unconfirmed('; the wait for its word was cut off');
      const left = deadline - this.#clock.monotonic();
      if (left <= 0) return unconfirmed(', but did not close the connection');
      await link.event(left);
    }
  }
}
