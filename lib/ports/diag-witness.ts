// The same answer as /proc/net/tcp gives, from the kernel's socket diagnosis (sock_diag(7)): one look-up by addresses
// instead of a walk through the whole table, whose cost grows with the machine's memory and with every connection in
// TIME_WAIT. Node.js has no netlink sockets: a child of a few lines of Perl (part of every Debian) asks. Needs no privilege.

import { spawn, type ChildProcessByStdio } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import type { Clock } from '../platform/clock.js';
import type { Log } from '../platform/log.js';
import { addressOctets, type TcpConnection, type TcpWitness } from './tcp-witness.js';

/** One line in, one line out: `family source sport destination dport`, addresses in hexadecimal → `state tx_queue` or `absent`. */
const program = `
use strict; $| = 1;
socket(my $netlink, 16, 3, 4) or exit 1;                              # AF_NETLINK, SOCK_RAW, NETLINK_SOCK_DIAG
while (my $line = <STDIN>) {
  my ($family, $source, $sport, $destination, $dport) = split ' ', $line;
  my $id = pack('nnH32H32LLL', $sport, $dport, $source, $destination, 0, 0xffffffff, 0xffffffff);
  my $ask = pack('CCCCL', $family, 6, 0, 0, 0xffffffff) . $id;        # inet_diag_req_v2, TCP, all states
  send($netlink, pack('LSSLL', 16 + length $ask, 20, 1, 1, 0) . $ask, 0) or exit 1;
  defined recv($netlink, my $answer, 8192, 0) or exit 1;
  my ($length, $type) = unpack('LS', $answer);
  print $type == 20 && $length >= 80 ? unpack('x17C', $answer) . ' ' . unpack('x76L', $answer) : 'absent', "\\n";
}`;

/** A look takes a tenth of a millisecond; a child that is this late is stopped or gone. */
const lateMs = 1_000;
/** CLOSE: reset. LISTEN: the kernel found no connection, but a listener on that port. */
const goneStates = new Set(['7', '10']);

type Answer = number | 'absent' | 'unavailable';
type Child = ChildProcessByStdio<Writable, Readable, null>;

const readAnswer = (line: string): Answer => {
  const [state = '', queued] = line.split(' ');
  if (queued === undefined || goneStates.has(state)) return 'absent';
  return /^\d+$/.test(queued) ? Number(queued) : 'unavailable';
};

const question = ({ localAddress, localPort, remoteAddress, remotePort }: TcpConnection): string => {
  const [local, remote] = [addressOctets(localAddress), addressOctets(remoteAddress)];
  const spell = (octets: readonly number[]): string => Buffer.from(octets).toString('hex').padEnd(32, '0');
  return `${local.length === 4 ? 2 : 10} ${spell(local)} ${localPort} ${spell(remote)} ${remotePort}\n`;
};

export class DiagTcpWitness implements TcpWitness {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #fallback: TcpWitness;
  #child: Child | undefined;
  #failed = false;
  #waiting: ((answer: Answer) => void)[] = [];
  #rest = '';

  /** `fallback` answers where the child cannot. */
  constructor({ clock, log, fallback }: { readonly clock: Clock; readonly log: Log; readonly fallback: TcpWitness }) {
    this.#clock = clock;
    this.#log = log;
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
    this.#child ??= this.#start();
    const child = this.#child;
    return new Promise((resolve) => {
      const cancel = this.#clock.after(lateMs, () => this.#fail('it does not answer'));
      this.#waiting.push((answer) => {
        cancel();
        resolve(answer);
      });
      child.stdin.write(line);
    });
  }

  #start(): Child {
    const child = spawn('perl', ['-e', program], { stdio: ['pipe', 'pipe', 'ignore'], env: {} });
    child.on('error', (error) => this.#fail(error.message));
    child.on('exit', () => this.#fail('it ended'));
    child.stdin.on('error', () => this.#fail('it ended'));
    child.stdout.setEncoding('latin1').on('data', (text: string) => this.#hear(text));
    // Neither the child nor its pipes keep this process alive.
    child.unref();
    for (const pipe of [child.stdin, child.stdout])
      if ('unref' in pipe && typeof pipe.unref === 'function') pipe.unref();
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
    this.#child?.kill('SIGKILL');
    for (const answer of this.#waiting.splice(0)) answer('unavailable');
  }
}
