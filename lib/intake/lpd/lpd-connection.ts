// One LPD connection: one command (RFC 1179 section 5), carried out from its first octet to the last answer.

import { PlatenError, ProtocolError } from '../../errors.js';
import type { Clock } from '../../platform/clock.js';
import type { Log } from '../../platform/log.js';
import { acknowledged, refused } from '../../protocols/lpd/commands.js';
import type { LpdEvent } from '../../protocols/lpd/reader.js';
import type { PrintSpooler } from '../../queue/print-spooler.js';
import type { VirtualServer } from '../../queue/virtual-server.js';
import { onlineSpooler } from '../online-spooler.js';
import { ClientEvents, type LpdEventLimits } from './client-events.js';
import type { ClientSocket } from './client-socket.js';
import { queueStatus, removeJobs } from './queue-answers.js';
import { JobReceiver } from './receive-job.js';

export interface LpdLimits extends LpdEventLimits {
  readonly maxDocumentsPerJob: number;
}

export interface LpdConnectionParts {
  readonly client: ClientSocket;
  readonly server: VirtualServer;
  readonly limits: LpdLimits;
  readonly clock: Clock;
  readonly log: Log;
}

/** While the print spooler is loading, a client is held for so long: a takeover is over by then, and LPD has no word for "wait". */
const longestHoldMs = 30_000;

const yes = Uint8Array.of(acknowledged);
const no = Uint8Array.of(refused);

export class LpdConnection {
  readonly #parts: LpdConnectionParts;
  readonly #events: ClientEvents;
  #receiver: JobReceiver | undefined;
  #closing = false;
  #isIdle = true;

  constructor(parts: LpdConnectionParts) {
    this.#parts = parts;
    this.#events = new ClientEvents(parts.client, parts);
  }

  /** Nothing is under way: the client may be sent home. */
  get isIdle(): boolean {
    return this.#isIdle;
  }

  /** Resolves when the connection has been served; never rejects. */
  async serve(): Promise<void> {
    const { client, log } = this.#parts;
    try {
      await this.#serve();
    } catch (error) {
      // Silence after a job is no fault of it: a refusal would cast doubt on what was acknowledged.
      if (!(this.#isIdle && error instanceof ProtocolError && error.hint === 'idle')) client.write(no);
      const expected = error instanceof PlatenError || error instanceof ProtocolError;
      if (expected) log.info({ client: client.address, reason: error.message }, 'an LPD connection was refused');
      else log.error({ client: client.address, err: error }, 'an LPD connection failed');
    }
    client.part();
    await this.#receiver
      ?.discard()
      .catch((error: unknown) => log.warn({ err: error }, 'documents could not be removed'));
  }

  /** Ends the connection at once when nothing is under way, else when its job is on record. */
  finish(): void {
    this.#closing = true;
    if (this.#isIdle) this.#parts.client.part();
  }

  async #serve(): Promise<void> {
    const { client } = this.#parts;
    for (;;) {
      const event = await this.#events.next();
      if (event.type === 'end') return;
      this.#isIdle = false;
      client.hearing.goesOn();
      if (this.#receiver !== undefined) await this.#receiver.take(event);
      else if (event.type === 'receive-job') await this.#beginJob(event.queue);
      else return client.write(await this.#answer(event));
      // A client that was told to send its job is about to.
      const isAwaited = event.type === 'control-file' || event.type === 'receive-job';
      this.#isIdle = this.#receiver?.isBetweenJobs === true && !isAwaited;
      if (this.#isIdle && this.#closing) return;
    }
  }

  async #beginJob(queue: string): Promise<void> {
    const { client, limits, log } = this.#parts;
    const spooler = await this.#spooler();
    await spooler.uploads.admit(queue);
    this.#receiver = new JobReceiver({
      spooler,
      printer: queue,
      address: client.address,
      events: this.#events,
      maxDocuments: limits.maxDocumentsPerJob,
      hearing: client.hearing,
      clock: this.#parts.clock,
      acknowledge: (onWritten) => client.write(yes, onWritten),
      accepted: (job) => log.debug({ job, printer: queue, client: client.address }, 'job accepted over LPD'),
    });
    client.write(yes);
  }

  async #answer(event: LpdEvent): Promise<Uint8Array | string> {
    const spooler = await this.#spooler();
    const { address } = this.#parts.client;
    if (event.type === 'status') return queueStatus(spooler, { ...event, address });
    if (event.type === 'remove') return removeJobs(spooler, { ...event, address });
    if (event.type !== 'print-waiting') throw new ProtocolError('unexpected', `${event.type} is no command`);
    spooler.printers.must(event.queue);
    spooler.retryNow(event.queue);
    return yes;
  }

  #spooler(): Promise<PrintSpooler> {
    const { server, clock } = this.#parts;
    return onlineSpooler(server, { withinMs: longestHoldMs, clock, isOver: () => this.#closing });
  }
}
