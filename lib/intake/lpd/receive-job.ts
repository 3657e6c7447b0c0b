// "Receive a printer job" (RFC 1179 sections 5.2 and 6): files in any order become jobs, each on record before its last zero octet.
// Whatever is not part of a job when the connection ends is removed again.

import { ProtocolError } from '../../errors.js';
import type { Clock } from '../../platform/clock.js';
import { JobAssembly, type AssembledJob } from '../../protocols/lpd/assembly.js';
import { parseControlFile } from '../../protocols/lpd/control-file.js';
import type { LpdEvent } from '../../protocols/lpd/reader.js';
import type { Hearing } from '../../queue/hearing.js';
import type { PrintSpooler } from '../../queue/print-spooler.js';
import type { ClientEvents } from './client-events.js';
import { readyJob, type SpooledFile } from './lpd-job.js';

export interface JobReceiverParts {
  readonly spooler: PrintSpooler;
  readonly printer: string;
  /** The client's address. */
  readonly address: string;
  readonly events: ClientEvents;
  readonly hearing: Hearing;
  readonly clock: Clock;
  readonly maxDocuments: number;
  /** Says "yes" to the client; told when that is in the kernel's hands. */
  acknowledge(onWritten?: () => void): void;
  /** Told of every job that is on record. */
  accepted(id: number): void;
}

/** Formats are not LPD's business: `f`, `l` and the others say how a text printer of 1990 would treat the octets. */
const format = 'application/octet-stream';

export class JobReceiver {
  readonly #parts: JobReceiverParts;
  readonly #assembly: JobAssembly<SpooledFile>;
  /** Job ids that are taken, and the documents spooled under them so far, by the number that the client gave the job. */
  readonly #ids = new Map<string, { readonly id: number; documents: number }>();
  /** When the client began to send what is not part of a job yet. */
  #since: number | undefined;

  constructor(parts: JobReceiverParts) {
    this.#parts = parts;
    // The control files of as many jobs of one document may wait beside the documents.
    this.#assembly = new JobAssembly(2 * parts.maxDocuments);
  }

  /** False while files wait for the rest of their job. */
  get isBetweenJobs(): boolean {
    return !this.#assembly.isPending;
  }

  /** Takes one event of the job. Throws what makes the rest of the connection useless. */
  async take(event: LpdEvent): Promise<void> {
    this.#since ??= this.#parts.clock.monotonic();
    if (event.type === 'data-file') await this.#receive(event.key, event.octets);
    else if (event.type === 'control-file') this.#parts.acknowledge();
    else if (event.type === 'control-file-end') {
      await this.#submit(this.#assembly.addControl(parseControlFile(event.content)));
    } else if (event.type === 'abort') await this.discard();
    else throw new ProtocolError('unexpected', `${event.type} inside a job`);
  }

  /** Removes every document that is not part of a job. */
  async discard(): Promise<void> {
    this.#ids.clear();
    await this.#parts.spooler.uploads.discard(this.#assembly.clear().map(({ document }) => document));
  }

  async #receive(key: string, octets: number | undefined): Promise<void> {
    const { spooler, printer, events } = this.#parts;
    this.#assembly.checkData(key);
    await spooler.uploads.admit(printer, octets);
    const scope = this.#assembly.scopeOf(key);
    const taken = this.#ids.get(scope) ?? { id: await spooler.uploads.takeJobId(), documents: 0 };
    this.#ids.set(scope, taken);
    taken.documents += 1;
    this.#parts.acknowledge();
    const document = await spooler.uploads.receive({ job: taken.id, number: taken.documents }, events.content(), {
      format,
      ...(octets === undefined ? {} : { expectedBytes: octets }),
    });
    await this.#submit(this.#assembly.addData(key, { job: taken.id, document }));
  }

  /** Answers for the file, which may have made a job whole. */
  async #submit(assembled: AssembledJob<SpooledFile> | null): Promise<void> {
    const { spooler, printer, address, maxDocuments, hearing, clock } = this.#parts;
    if (assembled === null) return this.#parts.acknowledge();
    for (const { key } of assembled.control.files) this.#ids.delete(key.slice(1));
    let ready: ReturnType<typeof readyJob>;
    try {
      ready = readyJob(assembled, { printer, address, maxDocuments });
    } catch (error) {
      await spooler.uploads.discard(assembled.documents.map(({ document }) => document));
      throw error;
    }
    const sender = { hearing, since: this.#since ?? clock.monotonic() };
    this.#since = undefined;
    const { id } = await spooler.uploads.submit(ready.id, ready.draft, {
      documents: ready.documents,
      open: false,
      sender,
    });
    this.#parts.accepted(id);
    this.#parts.acknowledge(() => hearing.answered());
  }
}
