// BER as SNMP uses it (RFC 3417 section 8): definite lengths, primitive strings, no recursion. Every length is checked against what is left.

import { ProtocolError } from '../../errors.js';

export const tags = {
  integer: 0x02,
  octets: 0x04,
  null: 0x05,
  oid: 0x06,
  sequence: 0x30,
  counter32: 0x41,
  gauge32: 0x42,
  timeTicks: 0x43,
  noSuchObject: 0x80,
  noSuchInstance: 0x81,
  endOfMibView: 0x82,
} as const;

/** An object identifier, one number per arc. */
export type Oid = readonly number[];

/** RFC 3416 section 2.1: at most 128 arcs of 32 bits. */
const maxArcs = 128;
const maxArc = 0xffff_ffff;

const malformed = (message: string): ProtocolError => new ProtocolError('malformed', message);

/** Reads elements one after another; throws `ProtocolError` for what does not fit. */
export class BerReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get atEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  next(): { readonly tag: number; readonly content: Buffer } {
    const tag = this.#octet();
    if ((tag & 0x1f) === 0x1f) throw malformed('a tag of more than one octet');
    const length = this.#length();
    if (length > this.#bytes.length - this.#at) throw malformed('an element longer than what contains it');
    const content = this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += length;
    return { tag, content };
  }

  expect(tag: number): Buffer {
    const element = this.next();
    if (element.tag !== tag) throw malformed(`tag ${element.tag} where ${tag} is due`);
    return element.content;
  }

  expectEnd(): void {
    if (!this.atEnd) throw malformed('octets after the last element');
  }

  #octet(): number {
    const octet = this.#bytes[this.#at];
    if (octet === undefined) throw malformed('ends within an element');
    this.#at += 1;
    return octet;
  }

  #length(): number {
    const first = this.#octet();
    if (first < 0x80) return first;
    const octets = first & 0x7f;
    if (octets === 0 || octets > 4) throw malformed('a length of no or too many octets');
    let length = 0;
    for (let i = 0; i < octets; i += 1) length = length * 256 + this.#octet();
    return length;
  }
}

/** A signed integer of at most 32 bits. */
export const readInteger = (content: Buffer): number => {
  if (content.length < 1 || content.length > 4) throw malformed('an integer of no or too many octets');
  return content.readIntBE(0, content.length);
};

export const readOid = (content: Buffer): Oid => {
  const arcs: number[] = [];
  let arc = 0;
  let within = false;
  for (const octet of content) {
    if (!within && octet === 0x80) throw malformed('an object identifier with a padded arc');
    arc = arc * 128 + (octet & 0x7f);
    if (arc > maxArc) throw malformed('an object identifier with an arc over 32 bits');
    within = octet >= 0x80;
    if (within) continue;
    if (arcs.length === 0) arcs.push(...firstArcs(arc));
    else arcs.push(arc);
    if (arcs.length > maxArcs) throw malformed('an object identifier of too many arcs');
    arc = 0;
  }
  if (within || arcs.length === 0) throw malformed('an object identifier that ends within an arc');
  return arcs;
};

/** The first two arcs share one number (X.690 section 8.19.4). */
const firstArcs = (joined: number): [number, number] => {
  const first = Math.min(2, Math.floor(joined / 40));
  return [first, joined - first * 40];
};

export const element = (tag: number, ...contents: readonly Uint8Array[]): Buffer => {
  const content = Buffer.concat(contents);
  return Buffer.concat([Buffer.from([tag, ...lengthOctets(content.length)]), content]);
};

const lengthOctets = (length: number): number[] => {
  if (length < 0x80) return [length];
  if (length < 0x100) return [0x81, length];
  if (length < 0x1_0000) return [0x82, length >> 8, length & 0xff];
  throw new RangeError(`an element of ${length} octets`);
};

/** `value`: −2³¹ to 2³²−1, in as few octets as hold it. */
export const integerElement = (tag: number, value: number): Buffer => {
  const content = Buffer.alloc(5);
  content.writeIntBE(value, 0, 5);
  let start = 0;
  while (start < 4 && isPadding(content, start)) start += 1;
  return element(tag, content.subarray(start));
};

const isPadding = (content: Buffer, at: number): boolean => {
  const sign = (content[at + 1] ?? 0) >= 0x80 ? 0xff : 0x00;
  return content[at] === sign;
};

export const oidElement = (oid: Oid): Buffer => {
  const [first = 0, second = 0, ...rest] = oid;
  return element(tags.oid, Buffer.from([first * 40 + second, ...rest].flatMap(arcOctets)));
};

const arcOctets = (arc: number): number[] => {
  const octets = [arc % 128];
  for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) octets.unshift(0x80 + (left % 128));
  return octets;
};
