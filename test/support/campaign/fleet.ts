// The load: 8 IPP clients and 4 LPD clients, each one job after the other, with a ledger of what they know.

import { Agent } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { contentOf, sha256 } from './documents.js';
import type { Answer, SentDocument, SentJob } from './history.js';
import { callIpp, type IppTarget } from './ipp-client.js';
import { sendLpd } from './lpd-sender.js';
import { printerNames } from './printers.js';
import { Seeded } from './seeded.js';

export const ippClients = 8;
export const lpdClients = 4;

/** Where clients print. */
export interface ServerPlace {
  readonly host?: string;
  readonly ipp: number;
  readonly lpd: number;
}

export interface FleetOptions {
  readonly seed: string;
  readonly jobsPerClient: number;
  /** Where the node is, as soon as it is; undefined when the load is over. */
  readonly reachable: (signal: AbortSignal) => Promise<ServerPlace | undefined>;
  /** What they print to; default: those of the one-node campaign. */
  readonly printers?: readonly string[];
  /** No client breaks off, is slow, or sends much at once. */
  readonly polite?: boolean;
  readonly signal: AbortSignal;
  readonly onAcknowledged: () => void;
}

interface Draft extends SentDocument {
  readonly content: Buffer;
}

const sizes = [0, 1, 300, 4_000, 10_240, 65_536, 200_000] as const;

export class Fleet {
  readonly jobs: SentJob[] = [];
  readonly #options: FleetOptions;
  readonly #waiting: { left: number; readonly done: () => void }[] = [];

  constructor(options: FleetOptions) {
    this.#options = options;
  }

  /** Resolves when every client has ended; no answer is open then. */
  async run(): Promise<void> {
    const names = [
      ...Array.from({ length: ippClients }, (_, n) => `ipp${n + 1}`),
      ...Array.from({ length: lpdClients }, (_, n) => `lpd${n + 1}`),
    ];
    await Promise.all(names.map((name) => this.#client(name)));
  }

  /** Resolves when so many more answers have said yes. */
  acknowledgements(count: number): Promise<void> {
    return new Promise((done) => this.#waiting.push({ left: count, done }));
  }

  async #client(name: string): Promise<void> {
    const { seed, jobsPerClient, reachable, signal } = this.#options;
    const seeded = new Seeded(`${seed} ${name}`);
    const agent = seeded.chance(0.5) ? new Agent({ keepAlive: true, maxSockets: 1 }) : false;
    for (let n = 1; n <= jobsPerClient && !signal.aborted; n += 1) {
      const place = await reachable(signal);
      if (place === undefined) break;
      const tag = `${seed}.${name}.${n}`;
      const printer = seeded.pick(...(this.#options.printers ?? printerNames));
      if (name.startsWith('lpd')) await this.#lpd(place, { tag, printer, seeded });
      else await this.#ipp({ ...hostIn(place), port: place.ipp, printer, agent }, { tag, printer, seeded });
      if (seeded.chance(0.5)) await pause(seeded.between(1, 60));
    }
    if (agent !== false) agent.destroy();
  }

  #drafts(tag: string, count: number, seeded: Seeded): Draft[] {
    const size = (): number => (this.#options.polite === true ? seeded.pick(...sizes) : sizeOf(seeded));
    return draftsOf(tag, Array.from({ length: count }, size));
  }

  #manner(seeded: Seeded): { cutAfter?: number; pieceMs?: number } {
    return this.#options.polite === true ? {} : mannerOf(seeded);
  }

  #note(job: SentJob): SentJob {
    this.jobs.push(job);
    return job;
  }

  #answered(job: SentJob, { answer, id, detail }: { answer: Answer; id?: number; detail: string }): void {
    job.answeredAt = Date.now();
    if (answer !== 'acknowledged') job.detail = detail;
    else {
      if (id !== undefined) job.id = id;
      this.#options.onAcknowledged();
      for (const waiter of this.#waiting) if ((waiter.left -= 1) === 0) waiter.done();
    }
  }

  async #ipp(target: IppTarget, { tag, printer, seeded }: { tag: string; printer: string; seeded: Seeded }) {
    const isOne = seeded.chance(0.6);
    const drafts = this.#drafts(tag, isOne ? 1 : seeded.between(1, 3), seeded);
    const job = this.#note({
      tag,
      way: isOne ? 'print-job' : 'create-job',
      printer,
      sentAt: Date.now(),
      documents: drafts.map(withoutContent),
    });
    if (!isOne) {
      const created = await callIpp(target, { operation: 'create-job', jobName: tag });
      job.created = created.answer;
      this.#answered(job, created);
      if (created.answer !== 'acknowledged') return;
    }
    for (const [index, { content }] of drafts.entries()) {
      const manner = { ...this.#manner(seeded), gzip: seeded.chance(0.3), chunked: seeded.chance(0.4) };
      const what = isOne
        ? ({ operation: 'print-job', jobName: tag } as const)
        : ({ operation: 'send-document', job: job.id!, last: index === drafts.length - 1 } as const);
      // Before the answer: a history that is taken meanwhile must not say that nothing was sent.
      job.documents[index]!.answer = 'unknown';
      const reply = await callIpp(target, { ...what, document: content, ...manner });
      job.documents[index]!.answer = reply.answer;
      this.#answered(job, reply);
      if (reply.answer !== 'acknowledged') return;
    }
  }

  async #lpd(place: ServerPlace, { tag, printer, seeded }: { tag: string; printer: string; seeded: Seeded }) {
    const [draft] = this.#drafts(tag, 1, seeded);
    const job = this.#note({
      tag,
      way: 'lpd',
      printer,
      sentAt: Date.now(),
      documents: [withoutContent(draft!)],
    });
    job.documents[0]!.answer = 'unknown';
    const dataFirst = seeded.chance(0.5);
    const reply = await sendLpd(
      { ...hostIn(place), port: place.lpd },
      { printer, name: tag, document: draft!.content, dataFirst, ...this.#manner(seeded) },
    );
    job.documents[0]!.answer = reply.answer;
    this.#answered(job, reply);
  }
}

const hostIn = ({ host }: ServerPlace): { host?: string } => (host === undefined ? {} : { host });

const withoutContent = ({ length, sha256, answer }: Draft): SentDocument => ({ length, sha256, answer });

/** Some are larger than what the kernel holds of a connection: a kill leaves a part of them at the printer. */
const sizeOf = (seeded: Seeded): number => {
  if (seeded.chance(0.03)) return seeded.between(500_000, 2_000_000);
  return seeded.chance(0.02) ? seeded.between(8_000_000, 12_000_000) : seeded.pick(...sizes);
};

const draftsOf = (tag: string, sizes: readonly number[]): Draft[] =>
  sizes.map((size, index) => {
    const content = contentOf(tag, index + 1, size);
    return { content, length: content.length, sha256: sha256(content), answer: 'not-sent' };
  });

/** A few clients vanish in the middle, a few are slow. */
const mannerOf = (seeded: Seeded): { cutAfter?: number; pieceMs?: number } => ({
  ...(seeded.chance(0.06) ? { cutAfter: seeded.between(0, 95) / 100 } : {}),
  ...(seeded.chance(0.2) ? { pieceMs: seeded.between(1, 30) } : {}),
});
