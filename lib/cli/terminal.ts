// What people and programs see. Job names come from strangers: no control character of theirs reaches a terminal (R44).

import type { Writable } from 'node:stream';
import { stripVTControlCharacters, styleText } from 'node:util';
import Table from 'cli-table3';

/** C0, DEL, C1, line separators and what reverses the direction of text. */
// oxlint-disable-next-line no-control-regex
const unsafe = /[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]|\p{Surrogate}/gu;

const escaped = (character: string): string => {
  const point = character.codePointAt(0) ?? 0;
  return point < 0x100 ? `\\x${point.toString(16).padStart(2, '0')}` : `\\u${point.toString(16).padStart(4, '0')}`;
};

/** The text with everything that a terminal might obey made visible. */
export const printable = (text: string): string => text.replace(unsafe, escaped);

/** JSON that is safe on a terminal too. */
export const jsonText = (value: unknown): string =>
  JSON.stringify(value, undefined, 2).replace(unsafe, (character) =>
    character === '\n' ? character : `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
  );

const noLines = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
};

export type Style = Parameters<typeof styleText>[0];
export type Stream = Writable & { readonly isTTY?: boolean; readonly columns?: number };

export class Terminal {
  readonly #out: Stream;
  readonly #err: Stream;
  readonly #colours: boolean;

  constructor({ out, err, colours }: { out: Stream; err: Stream; colours: boolean }) {
    this.#out = out;
    this.#err = err;
    this.#colours = colours && out.isTTY === true;
  }

  get errors(): Stream {
    return this.#err;
  }

  /** One line that holds no stranger's text, or `printable` text. */
  line(text: string): void {
    this.#out.write(`${text}\n`);
  }

  note(text: string): void {
    this.#err.write(`${text}\n`);
  }

  style(style: Style, text: string): string {
    return this.#colours ? styleText(style, text) : text;
  }

  json(value: unknown): void {
    this.line(jsonText(value));
  }

  /** One value per line, for programs that read as they go. */
  jsonLine(value: unknown): void {
    this.line(jsonText(value).replace(/\n */g, ' '));
  }

  /** Cells are made printable here. */
  table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): void {
    const right = (index: number): boolean => rows.length > 0 && rows.every((row) => typeof row[index] === 'number');
    const table = new Table({
      chars: noLines,
      head: head.map((cell) => this.style('bold', cell)),
      style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
      colAligns: head.map((_, index) => (right(index) ? 'right' : 'left')),
    });
    for (const row of rows) table.push(row.map((cell) => printable(String(cell))));
    for (const line of table.toString().split('\n')) this.line(trimmed(line));
  }

  /** A record of names and values, one a line; empty values are left out. */
  record(fields: readonly (readonly [string, string | number | undefined])[]): void {
    const shown = fields.filter(([, value]) => value !== undefined && value !== '');
    const width = Math.max(0, ...shown.map(([name]) => name.length));
    for (const [name, value] of shown)
      this.line(`${this.style('bold', name.padEnd(width))}  ${printable(String(value))}`);
  }
}

/** Without blanks at the end, where no colour stands after them. */
const trimmed = (line: string): string => (stripVTControlCharacters(line) === line ? line.trimEnd() : line);
