// What the kernel knows about a connection and Node.js does not tell: how many octets the peer's TCP has not acknowledged
// yet. Read from /proc/net/tcp and tcp6 (proc(5)): `sl local remote st tx_queue:rx_queue …`, addresses as the machine's
// own 32-bit words.

import { close, open, read, readSync } from 'node:fs';
import { isIPv4 } from 'node:net';
import { endianness } from 'node:os';
import { promisify } from 'node:util';

export interface TcpConnection {
  readonly localAddress: string;
  readonly localPort: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
}

export interface TcpWitness {
  /** Octets not acknowledged; `absent`: the kernel has no such connection (any more); `unavailable`: it does not say. */
  unacknowledged(connection: TcpConnection): Promise<number | 'absent' | 'unavailable'>;
}

const littleEndian = endianness() === 'LE';
const openFile = promisify(open);
const readFile = promisify(read);
const closeFile = promisify(close);
const chunkLength = 65_536;
/** The kernel hands out one page per call. Pages after the first cost less to read than a trip to the thread pool: so many
 * of them are read at once, well under a millisecond, before other work gets its turn. */
const pagesAtOnce = 12;

/** The state of a connection that was reset. In TIME_WAIT everything, our FIN included, was acknowledged. */
const closed = '07';

const hex = (value: number, digits: number): string => value.toString(16).toUpperCase().padStart(digits, '0');

const words = (bytes: readonly number[]): string => {
  let text = '';
  for (let at = 0; at < bytes.length; at += 4) {
    const word = bytes.slice(at, at + 4);
    if (littleEndian) word.reverse();
    for (const byte of word) text += hex(byte, 2);
  }
  return text;
};

const bytesOfIPv4 = (address: string): number[] => address.split('.').map(Number);

/** The octets of an IPv6 address, IPv4-mapped spelling and zone included. */
const bytesOfIPv6 = (address: string): number[] => {
  const bare = address.replace(/%.*$/, '');
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(bare);
  const [a = 0, b = 0, c = 0, d = 0] = bytesOfIPv4(dotted?.[2] ?? '0.0.0.0');
  const text = dotted ? `${dotted[1]}${hex(a * 256 + b, 4)}:${hex(c * 256 + d, 4)}` : bare;
  const [head = '', tail] = text.split('::');
  const groups = (part: string): number[] => (part === '' ? [] : part.split(':').map((group) => parseInt(group, 16)));
  const before = groups(head);
  const after = tail === undefined ? [] : groups(tail);
  const filled = [...before, ...Array<number>(Math.max(0, 8 - before.length - after.length)).fill(0), ...after];
  return filled.flatMap((group) => [group >> 8, group & 0xff]);
};

/** The 4 or 16 octets of an address. */
export const addressOctets = (address: string): readonly number[] =>
  isIPv4(address) ? bytesOfIPv4(address) : bytesOfIPv6(address);

/** The two addresses as a row of the table spells them. */
export const connectionKey = ({ localAddress, localPort, remoteAddress, remotePort }: TcpConnection): string => {
  const four = isIPv4(localAddress) && isIPv4(remoteAddress);
  const spell = (address: string): string => {
    if (four) return words(bytesOfIPv4(address));
    return words(bytesOfIPv6(isIPv4(address) ? `::ffff:${address}` : address));
  };
  return `${spell(localAddress)}:${hex(localPort, 4)} ${spell(remoteAddress)}:${hex(remotePort, 4)}`;
};

/** Hands each whole row's key and the text after it to `visit`; returns what follows the last line end. */
const eachRow = (text: string, keyLength: number, visit: (key: string, rest: string) => void): string => {
  let start = 0;
  for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', start)) {
    const key = text.indexOf(': ', start) + 2;
    if (key >= 2 && key < end) visit(text.slice(key, key + keyLength), text.slice(key + keyLength + 1, end));
    start = end + 1;
  }
  return text.slice(start);
};

/** Looks for the wanted rows in a table that comes in pieces. */
export class TableSearch {
  readonly #wanted: ReadonlySet<string>;
  readonly #keyLength: number;
  #rest = '';
  readonly found = new Map<string, number | 'absent'>();

  constructor(wanted: ReadonlySet<string>, family: 4 | 6) {
    this.#wanted = wanted;
    this.#keyLength = family === 4 ? 27 : 75;
  }

  get complete(): boolean {
    return this.found.size === this.#wanted.size;
  }

  push(text: string): void {
    this.#rest = eachRow(this.#rest + text, this.#keyLength, (key, rest) => {
      if (!this.#wanted.has(key)) return;
      const queued = parseInt(rest.slice(3, 11), 16);
      this.found.set(key, rest.slice(0, 2) === closed || Number.isNaN(queued) ? 'absent' : queued);
    });
  }
}

interface Round {
  readonly keys: Set<string>;
  readonly answers: Promise<ReadonlyMap<string, number | 'absent'> | undefined>;
}

/** One table. All who ask while it is being read share the next reading: the cost does not grow with their number. */
class ProcTable {
  readonly #path: string;
  readonly #family: 4 | 6;
  readonly #buffer = Buffer.allocUnsafe(chunkLength);
  #reading: Promise<unknown> = Promise.resolve();
  #next: Round | undefined;

  constructor(path: string, family: 4 | 6) {
    this.#path = path;
    this.#family = family;
  }

  async find(key: string): Promise<number | 'absent' | 'unavailable'> {
    this.#next ??= this.#schedule();
    this.#next.keys.add(key);
    const found = await this.#next.answers;
    return found === undefined ? 'unavailable' : (found.get(key) ?? 'absent');
  }

  #schedule(): Round {
    const keys = new Set<string>();
    const answers = this.#reading.then(() => {
      this.#next = undefined;
      return this.#read(keys);
    });
    this.#reading = answers;
    return { keys, answers };
  }

  async #read(keys: ReadonlySet<string>): Promise<ReadonlyMap<string, number | 'absent'> | undefined> {
    const search = new TableSearch(keys, this.#family);
    try {
      const file = await openFile(this.#path, 'r');
      try {
        for (let page = 0; !search.complete; page += 1) {
          const length =
            page % pagesAtOnce === 0
              ? (await readFile(file, this.#buffer, 0, chunkLength, null)).bytesRead
              : readSync(file, this.#buffer, 0, chunkLength, null);
          if (length === 0) break;
          search.push(this.#buffer.toString('latin1', 0, length));
        }
      } finally {
        await closeFile(file);
      }
      return search.found;
    } catch {
      // Another operating system, or a container without /proc: the caller does without a witness and says so.
      return undefined;
    }
  }
}

export class ProcTcpWitness implements TcpWitness {
  readonly #tcp: ProcTable;
  readonly #tcp6: ProcTable;

  constructor(folder = '/proc/net') {
    this.#tcp = new ProcTable(`${folder}/tcp`, 4);
    this.#tcp6 = new ProcTable(`${folder}/tcp6`, 6);
  }

  unacknowledged(connection: TcpConnection): Promise<number | 'absent' | 'unavailable'> {
    const key = connectionKey(connection);
    return (key.length === 27 ? this.#tcp : this.#tcp6).find(key);
  }
}
