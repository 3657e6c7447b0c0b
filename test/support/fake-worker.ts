// The test's end of fake workers: each start of one is a connection.

import { createServer, type Socket } from 'node:net';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Test } from 'tap';
import { identityOf, signalProcess, type ProcessIdentity } from '../../lib/platform/processes.js';
import type { Order, Word } from './fake-worker-main.js';
import { temporaryDirectory } from './temporary.js';

export const fakeWorkerFile = path.join(import.meta.dirname, 'fake-worker-main.js');

/** Nothing in these tests takes so long. */
const patienceMs = 20_000;

type Saying<Kind extends Word['kind']> = Extract<Word, { kind: Kind }>;

const inTime = <T>(promise: Promise<T>, what: string): Promise<T> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not in time: ${what}`)), patienceMs);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
};

export class FakeWorker {
  readonly pid: number;
  readonly words: Word[] = [];
  /** Performance time at which it was dead. */
  readonly dead: Promise<number>;
  readonly #socket: Socket;
  #listeners: (() => void)[] = [];

  constructor(socket: Socket, pid: number) {
    this.#socket = socket;
    this.pid = pid;
    this.dead = new Promise((resolve) => socket.once('close', () => resolve(performance.now())));
  }

  hear(word: Word): void {
    this.words.push(word);
    for (const listener of this.#listeners.splice(0)) listener();
  }

  order(order: Order): void {
    this.#socket.write(`${JSON.stringify(order)}\n`);
  }

  /** Resolves when it has told its supervisor. */
  async tell(message: Extract<Order, { do: 'send' }>['message']): Promise<void> {
    this.order({ do: 'send', message });
    await this.word('sent');
  }

  async tellDeadline(incarnation: string, inMs: number): Promise<void> {
    this.order({ do: 'deadline', incarnation, inMs });
    await this.word('sent');
  }

  /** Waits for the first word of a kind that was not waited for before. */
  word<Kind extends Word['kind']>(kind: Kind): Promise<Saying<Kind>> {
    const look = async (): Promise<Saying<Kind>> => {
      for (;;) {
        const at = this.words.findIndex((word) => word.kind === kind);
        if (at !== -1) return this.words.splice(at, 1)[0] as Saying<Kind>;
        await new Promise<void>((resolve) => this.#listeners.push(resolve));
      }
    };
    return inTime(look(), `a word of the worker: ${kind}`);
  }

  /** Waits until it is told this. */
  async told(what: Saying<'heard'>['message']['tell']): Promise<void> {
    while ((await this.word('heard')).message.tell !== what);
  }
}

export class FakeWorkers {
  readonly socketPath: string;
  readonly #started: FakeWorker[] = [];
  readonly #identities: ProcessIdentity[] = [];
  #onStart: () => void = () => {};

  private constructor(socketPath: string) {
    this.socketPath = socketPath;
  }

  static async listen(t: Test): Promise<FakeWorkers> {
    const workers = new FakeWorkers(path.join(await temporaryDirectory(t), 'control'));
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => {});
      workers.#greet(socket);
    });
    await new Promise<void>((resolve) => {
      server.listen(workers.socketPath, () => resolve());
    });
    t.teardown(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
      for (const identity of workers.#identities) signalProcess(identity, 'SIGKILL');
    });
    return workers;
  }

  /** The next worker that is started and was not asked for before. */
  next(): Promise<FakeWorker> {
    const look = async (): Promise<FakeWorker> => {
      for (;;) {
        const worker = this.#started.shift();
        if (worker !== undefined) return worker;
        await new Promise<void>((resolve) => {
          this.#onStart = resolve;
        });
      }
    };
    return inTime(look(), 'a worker is started');
  }

  /** Workers that were started and not asked for. */
  get unexpected(): number {
    return this.#started.length;
  }

  #greet(socket: Socket): void {
    let worker: FakeWorker | undefined;
    const lines = createInterface({ input: socket });
    lines.on('error', () => {});
    lines.on('line', (line) => {
      const word = JSON.parse(line) as Word;
      if (word.kind !== 'pid') return worker?.hear(word);
      worker = new FakeWorker(socket, word.pid);
      this.#started.push(worker);
      const identity = identityOf(word.pid);
      if (identity !== undefined) this.#identities.push(identity);
      this.#onStart();
    });
  }
}
