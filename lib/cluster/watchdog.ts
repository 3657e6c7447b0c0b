// The worker's side of its supervisor (DESIGN section 5, fence 2): tells it of each life, each deadline and each end, and notices when it is
// silent. A stopped supervisor cannot take addresses away: a worker without one must not go on.

import type { Clock } from '../platform/clock.js';

/** What the worker asks of the supervisor about one floating address. It never runs `ip`, `nft` or `arping` itself. */
export interface AddressRequest {
  /** `close`, `reopen`: new connections get no answer, or get one again. `probe`: who else has it? */
  readonly do: 'up' | 'down' | 'close' | 'reopen' | 'probe';
  readonly address: string;
}

export interface NewsOfAddress {
  readonly address: string;
  readonly code: 'address-lost' | 'address-conflict';
  readonly text: string;
}

/** What the supervisor is told. Times are CLOCK_MONOTONIC, ms. */
export type WorkerMessage =
  | { readonly tell: 'life'; readonly incarnation: string }
  /** `sentAt`: of the renewal that was confirmed. */
  | { readonly tell: 'deadline'; readonly incarnation: string; readonly deadline: number; readonly sentAt: number }
  | { readonly tell: 'ask'; readonly incarnation: string; readonly number: number; readonly request: AddressRequest }
  | { readonly tell: 'ended'; readonly incarnation: string }
  | { readonly tell: 'ping'; readonly number: number }
  | { readonly tell: 'ready' };

/** What the worker is told. */
export type SupervisorMessage =
  /** The worker is on record: an orphan of it would be found. Before that it does nothing. `hindrance`: why it may own nothing. */
  | { readonly tell: 'go'; readonly hindrance?: string }
  /** Of an `ask`. `error`: why it was not done; `hardware`: who answered a probe. */
  | { readonly tell: 'answer'; readonly number: number; readonly error?: string; readonly hardware?: string }
  | { readonly tell: 'address-news'; readonly news: NewsOfAddress }
  | { readonly tell: 'stop' }
  | { readonly tell: 'pong'; readonly number: number }
  /** The supervisor has seen the deadline of this life pass and has taken its addresses away. */
  | { readonly tell: 'overdue'; readonly incarnation: string };

export interface Watchdog {
  /** A life begins; before anything is written in its name. */
  tellLife(incarnation: string): void;
  /** A renewal of this life was confirmed: its deadline and when it was sent, in the node's own monotonic time. */
  tellDeadline(confirmed: { readonly deadline: number; readonly sentAt: number }): void;
  /** The life is over, and nothing of it is left: sockets, filters, addresses. */
  tellEnded(): void;
  /** Called with the reason when this life must end: the supervisor is silent, or has seen the deadline pass. */
  onSilence(listener: (because: string) => void): void;
  /** Resolves when the supervisor answers: at once as a rule. Only then may a new life begin. */
  answered(): Promise<void>;
  close(): void;
}

/** The pipe between the two: ordered, and closed by the kernel with either end. */
export interface WorkerPipe {
  send(message: WorkerMessage): void;
  onMessage(listener: (message: SupervisorMessage) => void): void;
}

export interface PipeWatchdogParts {
  readonly pipe: WorkerPipe;
  readonly clock: Clock;
  /** CLOCK_MONOTONIC, ms. */
  readonly machineTime: () => number;
}

const pingEveryMs = 250;
const silenceMs = 1_000;
/** More are not left waiting in the pipe of a stopped supervisor. */
const mostUnanswered = 8;

export class PipeWatchdog implements Watchdog {
  readonly #parts: PipeWatchdogParts;
  /** Number → when it was sent, the oldest first. */
  readonly #unanswered = new Map<number, number>();
  #listener: (because: string) => void = () => {};
  #incarnation: string | undefined;
  #pings = 0;
  #isSilent = false;
  #isClosed = false;
  #waiting: (() => void)[] = [];
  #cancelTimer: () => void = () => {};

  constructor(parts: PipeWatchdogParts) {
    this.#parts = parts;
    parts.pipe.onMessage((message) => this.#told(message));
    this.#ping();
  }

  /** Of the life that was told last and has not ended. */
  get incarnation(): string | undefined {
    return this.#incarnation;
  }

  tellLife(incarnation: string): void {
    this.#incarnation = incarnation;
    this.#parts.pipe.send({ tell: 'life', incarnation });
  }

  tellDeadline({ deadline, sentAt }: { readonly deadline: number; readonly sentAt: number }): void {
    const { pipe, clock, machineTime } = this.#parts;
    const incarnation = this.#incarnation;
    if (incarnation === undefined) return;
    // In this order a pause between the two makes both earlier, never later.
    const machine = machineTime();
    const shift = machine - clock.monotonic();
    pipe.send({ tell: 'deadline', incarnation, deadline: deadline + shift, sentAt: sentAt + shift });
  }

  tellEnded(): void {
    if (this.#incarnation === undefined) return;
    this.#parts.pipe.send({ tell: 'ended', incarnation: this.#incarnation });
    this.#incarnation = undefined;
  }

  onSilence(listener: (because: string) => void): void {
    this.#listener = listener;
  }

  async answered(): Promise<void> {
    if (!this.#isSilent || this.#isClosed) return;
    await new Promise<void>((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelTimer();
    this.#wake();
  }

  #told(message: SupervisorMessage): void {
    if (this.#isClosed) return;
    if (message.tell === 'overdue' && message.incarnation === this.#incarnation)
      this.#listener('the supervisor saw my deadline pass');
    if (message.tell !== 'pong') return;
    for (const number of this.#unanswered.keys()) if (number <= message.number) this.#unanswered.delete(number);
    if (this.#unanswered.size > 0 && this.#isOverdue()) return;
    this.#isSilent = false;
    this.#wake();
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  #ping(): void {
    const { pipe, clock } = this.#parts;
    if (this.#unanswered.size < mostUnanswered) {
      this.#pings += 1;
      this.#unanswered.set(this.#pings, clock.monotonic());
      pipe.send({ tell: 'ping', number: this.#pings });
    }
    this.#cancelTimer = clock.after(pingEveryMs, () => {
      // This process may have stood still: what lies in the pipe is heard first.
      setImmediate(() => {
        if (this.#isClosed) return;
        this.#look();
        this.#ping();
      });
    });
  }

  #isOverdue(): boolean {
    const [oldest] = this.#unanswered.values();
    return oldest !== undefined && this.#parts.clock.monotonic() - oldest >= silenceMs;
  }

  #look(): void {
    if (this.#isSilent || !this.#isOverdue()) return;
    this.#isSilent = true;
    this.#listener('the supervisor does not answer');
  }
}
