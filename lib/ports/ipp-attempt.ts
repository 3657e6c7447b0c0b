// One attempt to print a job on an IPP printer, from top to bottom. Create-Job is preferred wherever the printer has it:
// the job's number is known before its first octet leaves, so that what was lost can be asked for and called back.

import type { Evidence, Outcome, Result } from '../model/outcome.js';
import { statusCodes } from '../protocols/ipp/status-codes.js';
import type { Clock } from '../platform/clock.js';
import {
  type Capabilities,
  capabilitiesOf,
  jobIdOf,
  meaningOf,
  sentenceOf,
  supports,
  wasIgnored,
} from './ipp-answers.js';
import type { IppDialogue } from './ipp-dialogue.js';
import type { Exchange, ExchangeBody } from './ipp-exchange.js';
import { followJob, type FollowParts, hasWholeJob } from './ipp-follow.js';
import { planSubmissions, type Submission } from './ipp-plan.js';
import { askPrinter, createJob, type DocumentToSend, type Operation, printJob, sendDocument } from './ipp-requests.js';
import type { IppWatch } from './ipp-watch.js';
import type { Delivery, OutgoingDocument } from './port.js';

type Answer = Extract<Exchange, { got: 'answer' }>;

const isAccepted = (got: Exchange): got is Answer => got.got === 'answer' && meaningOf(got) === 'ok';

const isOutcome = (value: Outcome | Capabilities | Answer): value is Outcome => 'result' in value;

const hasStatus = (got: Exchange, status: keyof typeof statusCodes): boolean =>
  got.got === 'answer' && got.message.code === statusCodes[status];

/** Client errors are found before anything is printed, but for these. */
const lateErrors: ReadonlySet<number> = new Set([
  statusCodes['client-error-document-format-error'],
  statusCodes['client-error-document-unprintable-error'],
  statusCodes['client-error-compression-error'],
]);

const isRefusedUnseen = (got: Exchange): boolean =>
  got.got === 'answer' && got.message.code >= 0x0400 && got.message.code < 0x0500 && !lateErrors.has(got.message.code);

const firstWaitMs = 1_000;
const longestWaitMs = 15_000;

export class IppAttempt {
  /** Jobs at the printer that have not ended as far as we know. */
  readonly unfinished = new Set<number>();
  /** Every document has been accepted. */
  complete = false;
  readonly #dialogue: IppDialogue;
  readonly #delivery: Delivery;
  readonly #watch: IppWatch;
  readonly #clock: Clock;
  readonly #parts: FollowParts;
  /** Documents that the printer has acknowledged. */
  #accepted = 0;
  /** A job was accepted without a number to ask for. */
  #nameless = false;
  #lost = false;

  constructor(parts: FollowParts) {
    this.#parts = parts;
    this.#dialogue = parts.dialogue;
    this.#delivery = parts.delivery;
    this.#watch = parts.watch;
    this.#clock = parts.clock;
  }

  /** This node may have lost the printer: nothing more goes out. */
  lose(): void {
    this.#lost = true;
    this.#dialogue.reset();
  }

  /** Rejects with what `begin` or a document's source threw. */
  async run(): Promise<Outcome> {
    const printer = await this.#learn();
    if (isOutcome(printer)) return printer;
    const refused = (await this.#begin()) ?? (await this.#submitAll(printer));
    if (refused !== null) return refused;
    this.complete = true;
    return this.#follow(printer);
  }

  #outcome(result: Result, evidence: Evidence, detail: string): Outcome {
    return { result, evidence, detail, bytes: this.#watch.written };
  }

  get #started(): Evidence {
    return this.#accepted > 0 || this.#watch.written > 0 ? 'partial' : 'not-started';
  }

  /** Ended by us: comes before whatever the broken connection looked like. */
  #ended(): Outcome | null {
    if (this.#lost || !this.#delivery.mayContinue())
      return this.#outcome('lost-ownership', this.#started, 'this node no longer holds the printer');
    if (this.#delivery.signal.aborted) return this.#outcome('canceled', this.#started, 'the job was stopped');
    return null;
  }

  /** Connects and asks the printer what it can; nothing is printed by that. */
  async #learn(): Promise<Capabilities | Outcome> {
    const got = await this.#dialogue.askInAnyVersion(askPrinter(this.#delivery));
    const ended = this.#ended();
    if (ended !== null) return ended;
    if (isAccepted(got)) {
      const printer = capabilitiesOf(got.message);
      if (printer.accepting) return printer;
      const reasons = printer.reasons === '' ? '' : ` (${printer.reasons})`;
      const result = printer.needsAttention ? 'needs-attention' : 'busy';
      return this.#outcome(result, 'not-started', `the printer accepts no jobs${reasons}`);
    }
    const meaning = meaningOf(got);
    const isKnown = meaning === 'auth-required' || meaning === 'busy' || meaning === 'needs-attention';
    return this.#outcome(isKnown ? meaning : 'unreachable', 'not-started', sentenceOf(got));
  }

  async #begin(): Promise<Outcome | null> {
    this.#watch.enter('waiting');
    const connected = await this.#dialogue.connect();
    const ended = this.#ended();
    if (ended !== null) return ended;
    if (!connected.ok) return this.#outcome('unreachable', 'not-started', connected.reason);
    await this.#delivery.begin({ sourcePort: connected.sourcePort });
    return null;
  }

  async #submitAll(printer: Capabilities): Promise<Outcome | null> {
    const documents = this.#delivery.documents.filter((document) => document.length > 0);
    const { copies } = this.#delivery;
    let able = printer;
    const left = [...planSubmissions({ documents, copies }, able)];
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const byCreateJob = supports(able, 'Create-Job') && supports(able, 'Send-Document');
      const got = byCreateJob ? await this.#create(next, able) : await this.#printAtOnce(next, able);
      if (isOutcome(got)) return got;
      if (this.#accepted === 0 && hasStatus(got, 'server-error-operation-not-supported')) {
        // It lists Create-Job, but does not have it.
        able = { ...able, operations: new Set() };
        left.splice(0, left.length, ...planSubmissions({ documents, copies }, able));
      } else if (next.copies > 1 && wasIgnored(got.message, 'copies'))
        left.unshift(...Array.from({ length: next.copies - 1 }, () => ({ ...next, copies: 1 })));
    }
    return null;
  }

  /** The answer to Create-Job: everything was accepted, or Create-Job is not supported. Else the outcome. */
  async #create(submission: Submission, printer: Capabilities): Promise<Answer | Outcome> {
    const created = await this.#tell(createJob(this.#delivery, this.#ticket(submission, printer)));
    const ended = this.#ended();
    if (ended !== null) return ended;
    if (hasStatus(created, 'server-error-operation-not-supported') && created.got === 'answer') return created;
    if (!isAccepted(created)) return this.#refused(created);
    const jobId = jobIdOf(created.message);
    if (jobId === undefined)
      return this.#outcome('rejected', this.#started, 'the printer made a job and did not tell its number');
    this.unfinished.add(jobId);
    for (const [index, item] of submission.documents.entries()) {
      const last = index === submission.documents.length - 1;
      const before = this.#watch.written;
      const sent = await this.#tell(sendDocument(this.#delivery, item, { jobId, last }), item);
      const stopped = this.#ended();
      if (stopped !== null) return stopped;
      const whole = this.#watch.written - before === item.document.length;
      const isTaken = isAccepted(sent) || (last && whole && meaningOf(sent) === 'lost' && (await this.#settle(jobId)));
      if (!isTaken) return this.#ended() ?? this.#refused(sent, { whole, jobIsOpen: true });
      this.#accept();
    }
    return created;
  }

  async #printAtOnce(submission: Submission, printer: Capabilities): Promise<Answer | Outcome> {
    const [item] = submission.documents;
    if (item === undefined || submission.documents.length > 1) throw new Error('Print-Job carries one document');
    const before = this.#watch.written;
    const got = await this.#tell(printJob(this.#delivery, item, this.#ticket(submission, printer)), item);
    const ended = this.#ended();
    if (ended !== null) return ended;
    if (!isAccepted(got)) return this.#refused(got, { whole: this.#watch.written - before === item.document.length });
    const jobId = jobIdOf(got.message);
    if (jobId === undefined) this.#nameless = true;
    else this.unfinished.add(jobId);
    this.#accept();
    return got;
  }

  #ticket({ copies }: Submission, { jobUuid }: Capabilities) {
    return { copies: copies > 1 ? copies : undefined, withUuid: jobUuid };
  }

  #accept(): void {
    this.#accepted += 1;
    this.#watch.drained = this.#watch.written;
  }

  #settle(jobId: number): Promise<boolean> {
    this.#dialogue.reset();
    return hasWholeJob(jobId, this.#parts);
  }

  /** One request that may put something on paper. Once a part of the job is there, a busy printer is waited for. */
  async #tell(operation: Operation, item?: DocumentToSend): Promise<Exchange> {
    for (let tries = 0; ; tries += 1) {
      if (this.#ended() !== null) return { got: 'nothing', reason: 'was not asked' };
      const before = this.#watch.written;
      if (item === undefined) this.#watch.enter('waiting');
      const got = await this.#dialogue.tell(operation, item && this.#body(item.document));
      const meaning = meaningOf(got);
      const isBusy = meaning === 'busy' || (meaning === 'needs-attention' && this.#watch.written === before);
      if (!isBusy || this.#accepted === 0) return got;
      this.#watch.written = before;
      this.#watch.enter('stalled', sentenceOf(got));
      await this.#clock.sleep(Math.min(longestWaitMs, firstWaitMs * 2 ** Math.min(tries, 8)), this.#delivery.signal);
    }
  }

  #body(document: OutgoingDocument): ExchangeBody {
    let left = document.length;
    this.#watch.enter('sending');
    return {
      length: document.length,
      open: () => document.open(),
      mayContinue: () => {
        this.#lost ||= !this.#delivery.mayContinue();
        return !this.#lost;
      },
      taken: (octets) => {
        this.#watch.taken(octets);
        left -= octets;
        if (left === 0) this.#watch.enter('draining');
      },
    };
  }

  /** `whole`: all octets of the document had left; `jobIsOpen`: the printer had made the job before. */
  #refused(got: Exchange, { whole = false, jobIsOpen = false } = {}): Outcome {
    const detail = sentenceOf(got);
    const meaning = meaningOf(got);
    const evidence = this.#accepted === 0 && isRefusedUnseen(got) ? 'not-started' : this.#started;
    switch (meaning) {
      case 'busy':
        return this.#outcome('busy', this.#accepted > 0 ? 'partial' : 'not-started', detail);
      case 'needs-attention':
        return this.#outcome(evidence === 'not-started' ? 'needs-attention' : 'interrupted', evidence, detail);
      case 'auth-required':
        return this.#outcome('auth-required', evidence, detail);
      case 'gone':
        // A printer that can take no job now says not-possible, too; an open job that is gone was canceled there.
        return this.#outcome(jobIsOpen ? 'interrupted' : 'busy', evidence, detail);
      case 'lost':
        if (this.#started === 'not-started') return this.#outcome('unreachable', 'not-started', detail);
        return this.#outcome('interrupted', whole && got.got === 'garbage' ? 'sent-unconfirmed' : 'partial', detail);
      case 'ok':
      case 'version':
      case 'rejected':
        return this.#outcome('rejected', evidence, detail);
      default:
        return meaning satisfies never;
    }
  }

  /** Everything was acknowledged: from here on the printer answers for the job, and silence is not failure. */
  async #follow(printer: Capabilities): Promise<Outcome> {
    this.#watch.enter('confirming');
    let evidence: Evidence = this.#nameless ? 'sent-unconfirmed' : 'confirmed';
    let detail = this.#nameless
      ? 'the printer took the job without telling its number'
      : 'the printer completed the job';
    if (!supports(printer, 'Get-Job-Attributes'))
      return this.#outcome(
        'delivered',
        'sent-unconfirmed',
        'the printer took the job and cannot tell what becomes of it',
      );
    for (const jobId of this.unfinished) {
      const end = await followJob(jobId, this.#parts);
      if (end.end === 'stopped') return this.#outcome('canceled', 'partial', end.detail);
      if (end.end === 'lost-ownership') return this.#outcome('lost-ownership', 'sent-unconfirmed', end.detail);
      this.unfinished.delete(jobId);
      // Not delivered, though somebody may have wanted it so: a closed list has no word for a cancel at the panel, and a
      // job that is tried again and then held is seen; one that silently counts as printed is not.
      if (end.end === 'canceled') return this.#outcome('canceled', 'partial', end.detail);
      if (end.end === 'aborted') return this.#outcome('rejected', 'partial', end.detail);
      if (end.end !== 'completed') evidence = 'sent-unconfirmed';
      if (end.end !== 'completed' || evidence === 'confirmed') detail = end.detail;
      // What does not tell about one job does not tell about the next.
      if (end.end === 'unknown') break;
    }
    return this.#outcome('delivered', evidence, detail);
  }
}
