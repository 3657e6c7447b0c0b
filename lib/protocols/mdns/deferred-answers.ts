// Askers whose list of what they know is longer than one message: they are answered when all of it has come (RFC 6762 section 7.2).

import { type DnsRecord, flags, type Message } from '../dns/message.js';

/** A question that waits for its answer, as it was asked. */
export interface Deferred {
  readonly from: { readonly address: string; readonly port: number };
  readonly query: Pick<Message, 'id' | 'questions'>;
  /** Types. */
  readonly asked: ReadonlySet<number>;
  readonly known: readonly DnsRecord[];
  readonly unicast: boolean;
  readonly isProbe: boolean;
}

interface Waiting {
  readonly asked: Deferred;
  readonly known: DnsRecord[];
  due: number;
}

/** Others are answered at once. */
const mostAskers = 16;
const mostKnown = 2_048;

export class DeferredAnswers {
  readonly #random: () => number;
  readonly #waiting = new Map<string, Waiting>();

  constructor(random: () => number) {
    this.#random = random;
  }

  get due(): number | undefined {
    return this.#waiting.size === 0 ? undefined : Math.min(...[...this.#waiting.values()].map(({ due }) => due));
  }

  /** False when there is no room for it. */
  hold(asked: Deferred, now: number): boolean {
    const { address } = asked.from;
    if (this.#waiting.size >= mostAskers && !this.#waiting.has(address)) return false;
    this.#waiting.set(address, { asked, known: [...asked.known], due: this.#patience(now) });
    return true;
  }

  /** Whether the message is the rest of an asker's list. */
  add(from: { readonly address: string }, message: Message, now: number): boolean {
    const waiting = this.#waiting.get(from.address);
    if (waiting === undefined || message.questions.length > 0 || message.answers.length === 0) return false;
    if (waiting.known.length < mostKnown) waiting.known.push(...message.answers);
    if ((message.flags & flags.truncated) !== 0 && waiting.known.length < mostKnown) waiting.due = this.#patience(now);
    return true;
  }

  /** Those whose time has come. */
  take(now: number): readonly Deferred[] {
    const due = [...this.#waiting].filter(([, waiting]) => waiting.due <= now);
    for (const [address] of due) this.#waiting.delete(address);
    return due.map(([, { asked, known }]) => ({ ...asked, known }));
  }

  #patience(now: number): number {
    return now + 400 + this.#random() * 100;
  }
}
