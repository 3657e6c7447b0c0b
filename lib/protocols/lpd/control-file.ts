// The control file (RFC 1179 section 7): who sends what, how often. A parser for what real senders write and a writer of what we send.

import { fileKey, shortHost } from './names.js';
import { decodeText, encodeText } from './text.js';

/** Lines that print a data file (section 7.17 to 7.29): all of them mean "these octets" on a queue without filters. */
export const formatLetters = ['f', 'l', 'o', 'r', 'v', 'p', 'd', 'n', 't', 'c', 'g', 'k'] as const;
export type FormatLetter = (typeof formatLetters)[number];

export interface ControlFileEntry {
  /** Points at a data file: `fileKey` of its name. */
  readonly key: string;
  readonly format: FormatLetter;
  /** How many lines print this file, or LPRng's `K` where that is more; at least 1. */
  readonly copies: number;
  /** `N`: the name at the sender; empty when none was given. */
  readonly sourceName: string;
}

/** Every text is a claim of the sender, free of control characters; empty when its line is missing. */
export interface ControlFile {
  readonly host: string;
  readonly user: string;
  readonly jobName: string;
  readonly className: string;
  readonly title: string;
  /** `L`: the user name for a banner page. */
  readonly banner: string;
  /** In the order in which they are first printed. */
  readonly files: readonly ControlFileEntry[];
}

const mostCopies = 9_999;

const textLines = { H: 'host', P: 'user', J: 'jobName', C: 'className', T: 'title', L: 'banner' } as const;

const isFormatLetter = (letter: string): letter is FormatLetter => formatLetters.some((known) => known === letter);
const isTextLine = (letter: string): letter is keyof typeof textLines => letter in textLines;

/** Reads any octets; lines that mean nothing here (`U`, `S`, `M`, `I`, `W`, `1` to `4`, `X` and unknown ones) are passed over. */
export const parseControlFile = (octets: Uint8Array): ControlFile => {
  const texts = { host: '', user: '', jobName: '', className: '', title: '', banner: '' };
  const files = new Map<string, { key: string; format: FormatLetter; copies: number; sourceName: string }>();
  let allCopies = 1;
  // `N` follows its print lines in BSD, CUPS and Windows, and goes before them in LPRng.
  let unnamed: { sourceName: string } | null = null;
  let nameAhead = '';
  for (const line of linesOf(octets)) {
    const letter = String.fromCharCode(line[0] ?? 0);
    const operand = line.subarray(1);
    if (isTextLine(letter)) texts[textLines[letter]] ||= decodeText(operand);
    else if (letter === 'K') allCopies = readCopies(operand);
    else if (letter === 'N') {
      if (unnamed === null) nameAhead = decodeText(operand);
      else unnamed.sourceName = decodeText(operand);
      unnamed = null;
    } else if (isFormatLetter(letter)) {
      const key = fileKey('data', Buffer.from(operand).toString('latin1').trim());
      if (key === null) continue;
      const known = files.get(key);
      if (known !== undefined) known.copies = Math.min(known.copies + 1, mostCopies);
      else {
        const file = { key, format: letter, copies: 1, sourceName: nameAhead };
        files.set(key, file);
        unnamed = nameAhead === '' ? file : null;
        nameAhead = '';
      }
    }
  }
  return {
    ...texts,
    files: [...files.values()].map((file) => ({ ...file, copies: Math.max(file.copies, allCopies) })),
  };
};

function* linesOf(octets: Uint8Array): Generator<Uint8Array> {
  let from = 0;
  while (from < octets.length) {
    const feed = octets.indexOf(0x0a, from);
    const end = feed === -1 ? octets.length : feed;
    if (end > from) yield octets.subarray(from, end);
    from = end + 1;
  }
}

const readCopies = (operand: Uint8Array): number => {
  const copies = Number.parseInt(decodeText(operand), 10);
  return copies >= 1 ? Math.min(copies, mostCopies) : 1;
};

export interface OutgoingControlFile {
  readonly host: string;
  readonly user: string;
  readonly jobName: string;
  /** Names of data files (`fileName`), each with its name for people. */
  readonly files: readonly { readonly name: string; readonly sourceName: string }[];
  /** The whole sequence of files is printed this many times. */
  readonly copies: number;
}

/**
 * Writes a control file. Documents are printed with `l`, which asks the receiver to pass control characters: with `f` it may drop
 * them (section 7.20), and every printer language consists of them. Copies are repeated lines: the only way that every receiver knows.
 */
export const writeControlFile = (job: OutgoingControlFile): Uint8Array => {
  const lines: Uint8Array[] = [];
  const add = (letter: string, text: string, limit: number): void => {
    lines.push(Buffer.from(letter), encodeText(text, limit), Buffer.from('\n'));
  };
  add('H', shortHost(job.host), 31);
  add('P', job.user, 31);
  add('J', job.jobName, 99);
  for (let copy = 1; copy <= job.copies; copy += 1)
    for (const { name, sourceName } of job.files) {
      add('l', name, 131);
      if (copy === 1) add('N', sourceName, 131);
    }
  for (const { name } of job.files) add('U', name, 131);
  return Buffer.concat(lines);
};
