// The same answer as /proc/net/tcp gives, from the kernel's socket diagnosis: one look-up by addresses instead of a walk
// through the whole table, whose cost grows with the machine's memory and with every connection in TIME_WAIT. A child asks;
// whatever becomes of it, each question is answered, by the fallback where not by the child.

import type { ChildProcess } from 'node:child_process';
import type { Clock } from '../platform/clock.js';
import type { Log } from '../platform/log.js';
import { addressOctets, type TcpConnection, type TcpWitness } from './tcp-witness.js';

/** A look takes a tenth of a millisecond; a child that is this late is stopped or gone. */
const lateMs = 1_000;
/** CLOSE: reset. LISTEN: the kernel found no connection, but a listener on that port. */
const goneStates = new Set(['7', '10']);

type Answer = number | 'absent' | 'unavailable';

const readAnswer = (line: string): Answer => {
  const [state = '', queued = ''] = line.split(' ');
  if (line === 'absent' || goneStates.has(state)) return 'absent';
  return /^\d+$/.test(queued) ? Number(queued) : 'unavailable';
};

const question = ({ localAddress, localPort, remoteAddress, remotePort }: TcpConnection): string => {
  const [local, remote] = [addressOctets(localAddress), addressOctets(remoteAddress)];
  const spell = (octets: readonly number[]): string => Buffer.from(octets).toString('hex').padEnd(32, '0');
  return `${local.length === 4 ? 2 : 10} ${spell(local)} ${localPort} ${spell(remote)} ${remotePort}\n`;
};

export interface DiagTcpWitnessOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Starts the child, at the first question: `family source sport destination dport` in, `state tx_queue` or `absent` out. */
  readonly start: () => ChildProcess;
  /** Answers where the child cannot. */
  readonly fallback: TcpWitness;
}

export class DiagTcpWitness implements TcpWitness {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #startChild: () => ChildProcess;
  readonly #fallback: TcpWitness;
  #child: ChildProcess | undefined;
  #failed = false;
  #waiting: ((answer: Answer) => void)[] = [];
  #rest = '';

  constructor({ clock, log, start, fallback }: DiagTcpWitnessOptions) {
    this.#clock = clock;
    this.#log = log;
    this.#startChild = start;
    this.#fallback = fallback;
  }

  async unacknowledged(connection: TcpConnection): Promise<Answer> {
    // A zone belongs to an interface, which the question would have to name.
    const zoned = connection.localAddress.includes('%') || connection.remoteAddress.includes('%');
    const answer = this.#failed || zoned ? 'unavailable' : await this.#ask(question(connection));
    return answer === 'unavailable' ? this.#fallback.unacknowledged(connection) : answer;
  }

  /** Ends the child. It ends by itself when this process does. */
  close(): void {
    this.#give();
  }

  #ask(line: string): Promise<Answer> {
    return new Promise((resolve) => {
      const cancel = this.#clock.after(lateMs, () => this.#fail('it does not answer'));
      this.#waiting.push((answer) => {
        cancel();
        resolve(answer);
      });
      this.#child ??= this.#start();
      this.#child?.stdin?.write(line);
    });
  }

  /** Undefined: it could not be started, and whoever waits has been told. */
  #start(): ChildProcess | undefined {
    let child: ChildProcess;
    try {
      child = this.#startChild();
    } catch (error) {
      this.#fail((error as Error).message);
      return undefined;
    }
    child.on('error', (error) => this.#fail(error.message));
    child.on('exit', () => this.#fail('it ended'));
    // There are no pipes where this process may have no more descriptors; `error` follows.
    for (const pipe of [child.stdin, child.stdout]) {
      pipe?.on('error', () => this.#fail('it ended'));
      // Neither the child nor its pipes keep this process alive.
      if (pipe && 'unref' in pipe && typeof pipe.unref === 'function') pipe.unref();
    }
    child.stdout?.setEncoding('latin1').on('data', (text: string) => this.#hear(text));
    child.unref();
    return child;
  }

  #hear(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#waiting.shift()?.(readAnswer(line));
  }

  #fail(reason: string): void {
    if (this.#failed) return;
    this.#log.warn({ reason }, 'the socket diagnosis is not to be had; /proc/net/tcp is read instead, which is slower');
    this.#give();
  }

  #give(): void {
    this.#failed = true;
    // Without a pid it never ran, and Node.js would send the signal to whatever number lies in memory in its place.
    if (this.#child?.pid !== undefined) this.#child.kill('SIGKILL');
    for (const answer of this.#waiting.splice(0)) answer('unavailable');
  }
}
