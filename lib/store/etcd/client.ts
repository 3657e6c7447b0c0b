// Calls to an etcd cluster: so many at a time, each with a deadline, each try with a shorter one, then the next member.

import { PlatenError } from '../../errors.js';
import type { Clock } from '../../platform/clock.js';
import type { Gateway, TryOutcome } from './gateway.js';
import { Lane } from './lane.js';
import type { Member } from './members.js';
import { Members } from './members.js';
import { meaningOf } from './refusals.js';
import type { Fields } from './wire.js';

/** Pause after every member failed, and after a stream broke. */
const pauseMs = 50;
/** How often the member behind a stream is asked whether it still has the majority. */
const streamCheckMs = 300;
const probeEveryMs = 500;

export interface ClientOptions {
  readonly gateways: readonly Gateway[];
  readonly clock: Clock;
  readonly tryMs: number;
  readonly callMs: number;
  readonly inFlight: number;
}

export type CallOutcome =
  | { readonly kind: 'answer'; readonly answer: Fields }
  | { readonly kind: 'unknown'; readonly cause: Error };

interface Question {
  readonly path: string;
  readonly body: Fields;
}

const unreachable = (because: string, cause?: unknown): PlatenError =>
  new PlatenError('store-unreachable', `etcd does not answer: ${because}`, { cause });

const reasonOf = (outcome: Exclude<TryOutcome, { kind: 'answer' }>): Error =>
  outcome.kind === 'refusal' ? new Error(outcome.refusal.message) : outcome.cause;

export class EtcdClient {
  readonly #options: ClientOptions;
  readonly #members: Members;
  readonly #lane: Lane;
  readonly #closing = new AbortController();

  constructor(options: ClientOptions) {
    this.#options = options;
    const { gateways, clock, tryMs, inFlight } = options;
    this.#members = new Members({ gateways, clock, probeEveryMs, probeTimeoutMs: tryMs });
    this.#lane = new Lane(inFlight, clock);
  }

  /** Throws `PlatenError('store-unreachable')` after `close`. */
  assertOpen(): void {
    if (this.#closing.signal.aborted) throw new PlatenError('store-unreachable', 'the store is closed');
  }

  /**
   * A call that may be made twice. Throws `PlatenError('store-unreachable')` at the deadline, `'store-compacted'` when its revision is gone,
   * and RangeError for what etcd does not take.
   */
  async read(path: string, body: Fields): Promise<Fields> {
    const outcome = await this.#call({ path, body }, true);
    if (outcome.kind === 'unknown') throw unreachable(outcome.cause.message, outcome.cause);
    return outcome.answer;
  }

  /** A call that is made once at most. Throws as `read` does, but only if it was certainly not made. */
  write(path: string, body: Fields): Promise<CallOutcome> {
    return this.#call({ path, body }, false);
  }

  /** Messages of a stream on one member, until it breaks or its member falls out of the majority; ends without a word when `signal` aborts. */
  async *follow(path: string, body: Fields, signal: AbortSignal): AsyncGenerator<Fields> {
    const broken = new AbortController();
    const any = AbortSignal.any([signal, this.#closing.signal, broken.signal]);
    const opened = await this.#open({ path, body }, any);
    if (opened === undefined) return;
    const { member, first, rest } = opened;
    const stopChecking = this.#keepChecking(member, broken);
    try {
      yield first;
      yield* rest;
    } catch {
      if (!signal.aborted && !this.#closing.signal.aborted) await this.#broke(member, signal);
    } finally {
      stopChecking();
      broken.abort();
    }
  }

  /** Carries out what was asked before, and ends. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#lane.idle();
    this.#members.close();
  }

  async #call(question: Question, repeatable: boolean): Promise<CallOutcome> {
    this.assertOpen();
    const { clock, callMs, tryMs } = this.#options;
    const ends = clock.monotonic() + callMs;
    const leave = await this.#lane.enter(callMs - tryMs / 2);
    if (leave === undefined) throw unreachable(`${this.#options.inFlight} calls were before this one`);
    try {
      return await this.#tryAll(question, repeatable, ends);
    } finally {
      leave();
    }
  }

  async #tryAll(question: Question, repeatable: boolean, ends: number): Promise<CallOutcome> {
    let reason: Error | undefined;
    for await (const { member, timeoutMs } of this.#tries(ends)) {
      const outcome = await this.#members.ask(member, question.path, question.body, timeoutMs);
      if (outcome.kind === 'answer') return outcome;
      reason = reasonOf(outcome);
      if (!mayGoOn(outcome, repeatable)) return { kind: 'unknown', cause: reason };
    }
    throw unreachable(reason?.message ?? 'no time was left', reason);
  }

  /** Members in turn, in rounds, each with the time it may take; a try begins while half of a try's time is left. */
  async *#tries(
    ends: number,
    signal?: AbortSignal,
  ): AsyncGenerator<{ readonly member: Member; readonly timeoutMs: number }> {
    const { clock, tryMs } = this.#options;
    for (;;) {
      const tried = new Set<Member>();
      for (let member = this.#members.pick(tried); member !== undefined; member = this.#members.pick(tried)) {
        const left = ends - clock.monotonic();
        if (left < tryMs / 2 || signal?.aborted) return;
        tried.add(member);
        yield { member, timeoutMs: Math.min(tryMs, left) };
      }
      await clock.sleep(pauseMs, signal);
    }
  }

  async #open(question: Question, signal: AbortSignal) {
    const { clock, callMs } = this.#options;
    let reason: unknown;
    for await (const { member, timeoutMs } of this.#tries(clock.monotonic() + callMs, signal)) {
      const rest = member.gateway.stream(question.path, question.body, { timeoutMs, signal });
      try {
        const { value: first } = await rest.next();
        if (this.#members.isForeign(first)) throw new Error(`${member.gateway.name} belongs to another etcd cluster`);
        return { member, first, rest };
      } catch (error) {
        await rest.return(undefined);
        if (signal.aborted) return undefined;
        reason = error;
        this.#members.failed(member);
      }
    }
    if (signal.aborted) return undefined;
    throw unreachable(reason instanceof Error ? reason.message : 'no time was left', reason);
  }

  /** A stream that is silent tells nothing about its member: stopped, or cut off from the others, it would stay silent for good. */
  #keepChecking(member: Member, broken: AbortController): () => void {
    let stopped = false;
    let cancel = (): void => {};
    const check = async (): Promise<void> => {
      const works = await this.#members.probe(member);
      if (stopped) return;
      if (works) checkLater();
      else broken.abort(new Error('its member does not answer'));
    };
    const checkLater = (): void => {
      cancel = this.#options.clock.after(streamCheckMs, () => void check());
    };
    checkLater();
    return () => {
      stopped = true;
      cancel();
    };
  }

  async #broke(member: Member, signal: AbortSignal): Promise<void> {
    this.#members.failed(member);
    await this.#options.clock.sleep(pauseMs, signal);
  }
}

/** False when a call that may not be made twice may have been made. Throws for what no member would do. */
const mayGoOn = (outcome: Exclude<TryOutcome, { kind: 'answer' }>, repeatable: boolean): boolean => {
  if (outcome.kind === 'unsent') return true;
  if (outcome.kind === 'lost') return repeatable;
  const { message } = outcome.refusal;
  const meaning = meaningOf(outcome.refusal);
  if (meaning === 'mistake') throw new RangeError(message);
  if (meaning === 'compacted') throw new PlatenError('store-compacted', message);
  return meaning === 'elsewhere' || repeatable;
};
