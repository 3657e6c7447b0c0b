// Runs one worker after another as their course (course.ts) says: tells it what became known, carries out what is to be done.

import type { AddressRequest, WorkerMessage } from '../cluster/watchdog.js';
import type { Clock } from '../platform/clock.js';
import type { Log } from '../platform/log.js';
import { killAll, withSession } from '../platform/processes.js';
import type { Addresses } from './addresses/addresses.js';
import type { ChildRecord } from './child-record.js';
import { begin, lookAgainAt, step, type Action, type Course, type Fact, type Step } from './course.js';
import type { OwnFence } from './own-fence.js';
import { WorkerProcess, type WorkerProgram } from './worker-process.js';

export interface SupervisorParts {
  readonly program: WorkerProgram;
  readonly addresses: Addresses;
  readonly fence: OwnFence;
  readonly record: ChildRecord;
  /** Monotonic time is that of all processes of the machine. */
  readonly clock: Clock;
  readonly log: Log;
  /** Why this node may own nothing, for its workers. */
  readonly hindrance?: string | undefined;
}

type Asked = Extract<WorkerMessage, { tell: 'ask' }>;

/** Before what failed is tried again. */
const pauseMs = 100;

export class Supervisor {
  readonly #parts: SupervisorParts;
  readonly #closing = new AbortController();
  #course: Course;
  #worker: WorkerProcess | undefined;
  #cancelTimer: () => void = () => {};
  #onOver: (status: number) => void = () => {};

  constructor(parts: SupervisorParts) {
    this.#parts = parts;
    this.#course = begin(parts.clock.monotonic()).course;
    parts.addresses.onNews((news) => this.#worker?.send({ tell: 'address-news', news }));
  }

  /** Resolves with the exit status for this process. */
  run(): Promise<number> {
    return new Promise((resolve) => {
      this.#onOver = resolve;
      this.#take(begin(this.#parts.clock.monotonic()));
    });
  }

  /** In order; asked a second time, at once. */
  stop(): void {
    this.#learn({ kind: 'stop' });
  }

  #learn(fact: Fact): void {
    if (this.#course.phase.name !== 'over') this.#take(step(this.#course, fact, this.#parts.clock.monotonic()));
  }

  #take({ course, actions }: Step): void {
    const { log } = this.#parts;
    if (course.phase.name !== this.#course.phase.name) log.debug({ phase: course.phase.name }, 'the worker’s course');
    this.#course = course;
    for (const action of actions) this.#carryOut(action);
    this.#waitForTime();
    if (course.phase.name !== 'over') return;
    this.#closing.abort();
    this.#onOver(course.phase.status);
  }

  #waitForTime(): void {
    const { clock } = this.#parts;
    this.#cancelTimer();
    const at = lookAgainAt(this.#course);
    if (at === undefined) return;
    this.#cancelTimer = clock.after(Math.max(0, at - clock.monotonic()), () => {
      // This process may have stood still: what lies in the pipe, a later deadline perhaps, is heard before time counts.
      setImmediate(() => this.#learn({ kind: 'time' }));
    });
  }

  #carryOut(action: Action): void {
    const { log } = this.#parts;
    switch (action.do) {
      case 'start':
        return this.#start();
      case 'tell-stop':
        return this.#worker?.send({ tell: 'stop' });
      case 'tell-overdue':
        log.warn({ incarnation: action.incarnation }, 'the worker’s deadline has passed: its addresses are removed');
        return this.#worker?.send({ tell: 'overdue', incarnation: action.incarnation });
      case 'remove-addresses':
        return void this.#removeAddresses();
      case 'kill':
        log.warn({}, `the worker is killed: ${action.because}`);
        return this.#worker?.kill();
      case 'clear':
        return void this.#clear();
      case 'fence':
        return void this.#parts.fence.write(action, this.#closing.signal).then(() => this.#learn({ kind: 'fenced' }));
      default:
        return action satisfies never;
    }
  }

  #start(): void {
    const { program, record, log, hindrance } = this.#parts;
    const worker = new WorkerProcess(program, {
      onMessage: (message) => this.#told(worker, message),
      onEnd: ({ status, text }) => {
        log[status === 0 ? 'info' : 'warn']({ status }, `the worker ${text}`);
        this.#learn({ kind: 'exited', status, text });
      },
    });
    this.#worker = worker;
    if (worker.identity === undefined) return;
    record.set('worker', worker.identity).then(
      () => worker.send({ tell: 'go', ...(hindrance === undefined ? {} : { hindrance }) }),
      (error: unknown) => {
        log.error({ err: error }, 'the worker cannot be put on record: it is ended');
        worker.kill();
      },
    );
  }

  #told(worker: WorkerProcess, message: WorkerMessage): void {
    switch (message.tell) {
      case 'ping':
        worker.send({ tell: 'pong', number: message.number });
        return this.#learn({ kind: 'ping' });
      case 'life':
        return this.#learn({ kind: 'life', incarnation: message.incarnation });
      case 'deadline':
        this.#learn({ kind: 'deadline', incarnation: message.incarnation, deadline: message.deadline });
        if (this.#isLiving(message.incarnation)) this.#parts.addresses.renewed(message);
        return;
      case 'ask':
        return void this.#answer(worker, message);
      case 'ended':
        this.#learn({ kind: 'ended', incarnation: message.incarnation });
        // It has taken its addresses down; no confirmation of that life counts any more.
        return void this.#removeAddresses();
      case 'ready':
        return this.#learn({ kind: 'ready' });
      default:
        return message satisfies never;
    }
  }

  /** This life is the worker's present one, and its deadline has not passed. */
  #isLiving(incarnation: string): boolean {
    const { phase, lives } = this.#course;
    const { clock } = this.#parts;
    return phase.name === 'living' && lives.at(-1) === incarnation && clock.monotonic() < (phase.deadline ?? 0);
  }

  async #answer(worker: WorkerProcess, { incarnation, number, request }: Asked): Promise<void> {
    const answer = { tell: 'answer', number } as const;
    try {
      if (request.do === 'up' && !this.#isLiving(incarnation)) throw new Error('the life that asks is over');
      const hardware = await this.#ask(request);
      worker.send({ ...answer, ...(hardware === undefined ? {} : { hardware }) });
    } catch (error) {
      worker.send({ ...answer, error: (error as Error).message });
    }
  }

  async #ask(request: AddressRequest): Promise<string | undefined> {
    const { addresses } = this.#parts;
    const { address } = request;
    switch (request.do) {
      case 'up':
        await addresses.up(address);
        return undefined;
      case 'down':
        await addresses.down(address);
        return undefined;
      case 'close':
      case 'reopen':
        await addresses.setClosing(address, request.do === 'close');
        return undefined;
      case 'probe':
        return addresses.probe(address);
      default:
        return request.do satisfies never;
    }
  }

  /** The worker is reaped. Resolves when its children are dead too and the addresses are absent. */
  async #clear(): Promise<void> {
    const { clock, log } = this.#parts;
    const identity = this.#worker?.identity;
    for (let isClear = false; !isClear; ) {
      try {
        if (identity !== undefined)
          await killAll(() => withSession(identity), {
            clock,
            onSlow: (left) => log.warn({ pids: left.map(({ pid }) => pid) }, 'children of the worker do not die'),
          });
        isClear = await this.#removeAddresses();
      } catch (error) {
        log.error({ err: error }, 'children of the worker cannot be killed');
      }
      if (!isClear) await clock.sleep(pauseMs);
    }
    this.#learn({ kind: 'cleared' });
  }

  async #removeAddresses(): Promise<boolean> {
    try {
      await this.#parts.addresses.removeAll();
      return true;
    } catch (error) {
      this.#parts.log.error({ err: error }, 'addresses cannot be removed');
      return false;
    }
  }
}
