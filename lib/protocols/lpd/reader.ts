// The daemon's side of an LPD connection (RFC 1179): octets in, events out, in pieces of any size. Limits are kept in here.
//
// When is a data file whole?
//  - A count from 1 up to below `unknownSizeFrom` is a promise: exactly so many octets, then one zero octet. Fewer when the client
//    closes, or another octet in the zero's place, and the file never was (R70). Instead of the zero octet the client may close its
//    sending side: CUPS' back end does in `mode=stream`, and waits for no answer. Whoever sees the connection break does not call `end`.
//  - Count 0 means that the client does not know (section 6.3): the file ends where the client closes its sending side. At least one
//    octet must have come: a client that died after the subcommand looks the same as an empty file.
//  - Count 0 and one zero octet with nothing behind it is an empty file and its end. Only silence tells it from a file that begins
//    with a zero octet: `mayBeEmpty` is true meanwhile, and `settle` takes the decision.
//  - A count of `unknownSizeFrom` or more is what Windows' monitor sends when "LPR byte counting" is off (125899906843000): no
//    document is that long; it is read as count 0 is, but cannot be an empty file.
//  In a file of unknown size every octet up to the end belongs to the document: a last zero octet may be the printer language's own.

import { ProtocolError } from '../../errors.js';
import { commandCodes, subcommandCodes } from './commands.js';
import { requireFileKey } from './names.js';
import { decodeText } from './text.js';

/** Counts from here on (100 TB) stand for "unknown". */
export const unknownSizeFrom = 1e14;

export interface ReaderLimits {
  /** Octets of a command line without its line feed. */
  readonly lineOctets: number;
  readonly controlFileOctets: number;
  /** Octets of one data file. */
  readonly dataFileOctets: number;
}

export type LpdEvent =
  | { readonly type: 'print-waiting'; readonly queue: string }
  | { readonly type: 'receive-job'; readonly queue: string }
  | { readonly type: 'status'; readonly long: boolean; readonly queue: string; readonly list: readonly string[] }
  | { readonly type: 'remove'; readonly queue: string; readonly agent: string; readonly list: readonly string[] }
  | { readonly type: 'abort' }
  /** A file is announced; `octets` is undefined where the sender does not know. */
  | { readonly type: 'control-file'; readonly octets: number }
  | { readonly type: 'data-file'; readonly key: string; readonly octets: number | undefined }
  /** Octets of the data file announced last; a view on what was pushed. */
  | { readonly type: 'content'; readonly octets: Uint8Array }
  | { readonly type: 'control-file-end'; readonly content: Uint8Array }
  | { readonly type: 'data-file-end'; readonly key: string; readonly octets: number }
  /** The client closed its sending side; `whole` is false when it did so inside a line or file. */
  | { readonly type: 'end'; readonly whole: boolean };

interface OpenFile {
  readonly kind: 'control' | 'data';
  readonly key: string;
  /** Undefined: up to the end of the connection. */
  readonly announced: number | undefined;
  /** The count was 0: a lone zero octet may be the end of an empty file. */
  readonly maybeEmpty: boolean;
  received: number;
}

type State = 'command' | 'subcommand' | 'file' | 'lone-zero' | 'file-end' | 'done';

const lineFeed = 0x0a;
const blanks = /[ \t\v\f\r]+/;

/** After a thrown ProtocolError the reader is of no further use. Each generator must be run to its end before the next call. */
export class LpdReader {
  readonly #limits: ReaderLimits;
  #state: State = 'command';
  #line: Uint8Array[] = [];
  #lineOctets = 0;
  #file: OpenFile | null = null;
  #control: Uint8Array[] = [];

  constructor(limits: ReaderLimits) {
    this.#limits = limits;
  }

  /** True while one zero octet after count 0 may be the end of an empty file or the first octet of a longer one. */
  get mayBeEmpty(): boolean {
    return this.#state === 'lone-zero';
  }

  /** True where the client may take its time: no line and no file has begun that has not ended. */
  get isBetween(): boolean {
    return this.#file === null && this.#lineOctets === 0;
  }

  *push(octets: Uint8Array): Generator<LpdEvent> {
    let rest = octets;
    while (rest.length > 0) {
      switch (this.#state) {
        case 'command':
        case 'subcommand':
          rest = yield* this.#takeLine(rest);
          break;
        case 'file':
          rest = yield* this.#takeContent(rest);
          break;
        case 'lone-zero':
          this.#state = 'file';
          yield* this.#content(this.#openFile(), Uint8Array.of(0));
          break;
        case 'file-end':
          if (rest[0] !== 0) throw new ProtocolError('bad-file-end', 'a file is not followed by a zero octet');
          rest = rest.subarray(1);
          yield this.#closeFile();
          break;
        case 'done':
          return;
        default:
          this.#state satisfies never;
      }
    }
  }

  /** The client was silent long enough: a lone zero octet ends an empty file. Nothing happens unless `mayBeEmpty`. */
  *settle(): Generator<LpdEvent> {
    if (this.#state === 'lone-zero') yield this.#closeFile();
  }

  /** The client closed its sending side, in order. */
  *end(): Generator<LpdEvent> {
    const file = this.#file;
    if (this.#state === 'lone-zero' || this.#state === 'file-end') yield this.#closeFile();
    else if (this.#state === 'file' && file !== null && file.announced === undefined && file.received > 0)
      yield this.#closeFile();
    const whole = this.#lineOctets === 0 && this.#file === null;
    this.#state = 'done';
    yield { type: 'end', whole };
  }

  *#takeLine(octets: Uint8Array): Generator<LpdEvent, Uint8Array> {
    if (this.#lineOctets === 0) this.#checkCode(octets[0] ?? 0);
    const feed = octets.indexOf(lineFeed);
    const part = feed === -1 ? octets : octets.subarray(0, feed);
    this.#lineOctets += part.length;
    if (this.#lineOctets > this.#limits.lineOctets)
      throw new ProtocolError('line-too-long', 'the command line is too long');
    // A copy: the line may outlive the chunk.
    this.#line.push(Uint8Array.from(part));
    if (feed === -1) return octets.subarray(octets.length);
    const line = Buffer.concat(this.#line);
    this.#line = [];
    this.#lineOctets = 0;
    yield this.#state === 'command' ? this.#command(line) : this.#subcommand(line);
    return octets.subarray(feed + 1);
  }

  /** A stranger's protocol is refused at its first octet. */
  #checkCode(code: number): void {
    const highest = this.#state === 'command' ? commandCodes.removeJobs : subcommandCodes.dataFile;
    if (code < 1 || code > highest) throw new ProtocolError('unknown-command', `${code} is no ${this.#state} code`);
  }

  #command(line: Uint8Array): LpdEvent {
    const [queue = '', ...list] = operandsOf(line);
    this.#state = 'done';
    const code = line[0] ?? 0;
    switch (code) {
      case commandCodes.printWaiting:
        return { type: 'print-waiting', queue };
      case commandCodes.receiveJob:
        this.#state = 'subcommand';
        return { type: 'receive-job', queue };
      case commandCodes.shortStatus:
      case commandCodes.longStatus:
        return { type: 'status', long: code === commandCodes.longStatus, queue, list };
      default: {
        const [agent = '', ...targets] = list;
        return { type: 'remove', queue, agent, list: targets };
      }
    }
  }

  #subcommand(line: Uint8Array): LpdEvent {
    if (line[0] === subcommandCodes.abort) return { type: 'abort' };
    const [count = '', name = ''] = operandsOf(line);
    if (!/^\d{1,20}$/.test(count)) throw new ProtocolError('bad-count', 'a file is announced without its size');
    return line[0] === subcommandCodes.controlFile
      ? this.#openControlFile(Number(count), name)
      : this.#openDataFile(Number(count), name);
  }

  #openControlFile(octets: number, name: string): LpdEvent {
    const key = requireFileKey('control', name);
    if (octets === 0) throw new ProtocolError('bad-count', 'a control file needs its size');
    if (octets > this.#limits.controlFileOctets) throw new ProtocolError('too-large', 'the control file is too large');
    this.#file = { kind: 'control', key, announced: octets, maybeEmpty: false, received: 0 };
    this.#state = 'file';
    return { type: 'control-file', octets };
  }

  #openDataFile(count: number, name: string): LpdEvent {
    const key = requireFileKey('data', name);
    const octets = count === 0 || count >= unknownSizeFrom ? undefined : count;
    if (octets !== undefined && octets > this.#limits.dataFileOctets)
      throw new ProtocolError('too-large', 'the data file is too large');
    this.#file = { kind: 'data', key, announced: octets, maybeEmpty: count === 0, received: 0 };
    this.#state = 'file';
    return { type: 'data-file', key, octets };
  }

  *#takeContent(octets: Uint8Array): Generator<LpdEvent, Uint8Array> {
    const file = this.#openFile();
    if (file.maybeEmpty && file.received === 0 && octets.length === 1 && octets[0] === 0) {
      this.#state = 'lone-zero';
      return octets.subarray(1);
    }
    const room = (file.announced ?? Number.POSITIVE_INFINITY) - file.received;
    const part = octets.subarray(0, Math.min(octets.length, room));
    yield* this.#content(file, part);
    if (file.received === file.announced) this.#state = 'file-end';
    return octets.subarray(part.length);
  }

  *#content(file: OpenFile, octets: Uint8Array): Generator<LpdEvent> {
    file.received += octets.length;
    if (file.kind === 'control') {
      this.#control.push(Uint8Array.from(octets));
      return;
    }
    if (file.received > this.#limits.dataFileOctets) throw new ProtocolError('too-large', 'the data file is too large');
    yield { type: 'content', octets };
  }

  #closeFile(): LpdEvent {
    const { kind, key, received } = this.#openFile();
    this.#file = null;
    this.#state = 'subcommand';
    if (kind === 'data') return { type: 'data-file-end', key, octets: received };
    const content = Buffer.concat(this.#control);
    this.#control = [];
    return { type: 'control-file-end', content };
  }

  #openFile(): OpenFile {
    if (this.#file === null) throw new Error('no file is open');
    return this.#file;
  }
}

const operandsOf = (line: Uint8Array): string[] =>
  Buffer.from(line.subarray(1))
    .toString('latin1')
    .split(blanks)
    .map((word) => decodeText(Buffer.from(word, 'latin1')))
    .filter((word) => word !== '');
