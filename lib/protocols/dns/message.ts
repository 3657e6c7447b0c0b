// DNS messages (RFC 1035 section 4) as multicast DNS and UPDATE use them. The data of records stays as it came: what it means depends on who asks.

import { ProtocolError } from '../../errors.js';
import { decodeName, encodeData, encodeName } from './codecs.js';

export const types = { a: 1, soa: 6, aaaa: 28, nsec: 47, tsig: 250, any: 255 } as const;
export const classes = { in: 1, none: 254, any: 255 } as const;
export const flags = { response: 0x8000, authoritative: 0x0400, truncated: 0x0200 } as const;

export interface Question {
  readonly name: string;
  readonly type: number;
  /** As on the wire: multicast DNS has a bit of its own in it. */
  readonly class: number;
}

export interface DnsRecord extends Question {
  readonly ttl: number;
  readonly data: Uint8Array;
}

export interface Message {
  readonly id: number;
  readonly flags: number;
  readonly questions: readonly Question[];
  readonly answers: readonly DnsRecord[];
  readonly authorities: readonly DnsRecord[];
  readonly additionals: readonly DnsRecord[];
}

export interface ReadMessage extends Message {
  /** Where the last record begins; 0 where there is none. */
  readonly lastRecordAt: number;
}

/** More in one message is nobody's honest traffic, and decoding compressed names costs time. */
const mostEntries = 512;

const malformed = (message: string): ProtocolError => new ProtocolError('malformed', message);

class Reader {
  readonly #octets: Buffer;
  at = 12;
  lastRecordAt = 0;

  constructor(octets: Buffer) {
    this.#octets = octets;
  }

  question(): Question {
    const { name, end } = decodeName(this.#octets, this.at);
    this.at = end + 4;
    return {
      name: name.toLowerCase(),
      type: this.#octets.readUInt16BE(end),
      class: this.#octets.readUInt16BE(end + 2),
    };
  }

  record(): DnsRecord {
    this.lastRecordAt = this.at;
    const question = this.question();
    const ttl = this.#octets.readUInt32BE(this.at);
    const start = this.at + 6;
    const end = start + this.#octets.readUInt16BE(this.at + 4);
    if (end > this.#octets.length) throw malformed('a record longer than its message');
    this.at = end;
    return { ...question, ttl, data: this.#octets.subarray(start, end) };
  }
}

const many = <Entry>(count: number, read: () => Entry): Entry[] => Array.from({ length: count }, read);

/** Throws `ProtocolError` for what is no DNS message. Names come out in lower case. Octets after the message are ignored. */
export const readMessage = (octets: Buffer): ReadMessage => {
  if (octets.length < 12) throw malformed('shorter than a header');
  const counts = [4, 6, 8, 10].map((at) => octets.readUInt16BE(at));
  const [questions = 0, answers = 0, authorities = 0, additionals = 0] = counts;
  if (questions + answers + authorities + additionals > mostEntries) throw malformed('too many records');
  const reader = new Reader(octets);
  try {
    return {
      id: octets.readUInt16BE(0),
      flags: octets.readUInt16BE(2),
      questions: many(questions, () => reader.question()),
      answers: many(answers, () => reader.record()),
      authorities: many(authorities, () => reader.record()),
      additionals: many(additionals, () => reader.record()),
      lastRecordAt: reader.lastRecordAt,
    };
  } catch (error) {
    throw malformed(error instanceof Error ? error.message : String(error));
  }
};

export const uint16 = (...values: readonly number[]): Buffer => {
  const octets = Buffer.alloc(values.length * 2);
  for (const [index, value] of values.entries()) octets.writeUInt16BE(value, index * 2);
  return octets;
};

export const uint32 = (value: number): Buffer => {
  const octets = Buffer.alloc(4);
  octets.writeUInt32BE(value);
  return octets;
};

const questionOctets = (question: Question): Buffer =>
  Buffer.concat([encodeName(question.name), uint16(question.type, question.class)]);

export const recordOctets = (record: DnsRecord): Buffer =>
  Buffer.concat([questionOctets(record), uint32(record.ttl), uint16(record.data.length), record.data]);

/** What is not said is empty. */
export const writeMessage = (message: Pick<Message, 'id' | 'flags'> & Partial<Message>): Buffer => {
  const { id, flags: bits, questions = [], answers = [], authorities = [], additionals = [] } = message;
  const records = [answers, authorities, additionals];
  return Buffer.concat([
    uint16(id, bits, questions.length, ...records.map(({ length }) => length)),
    ...questions.map(questionOctets),
    ...records.flat().map(recordOctets),
  ]);
};

/** An IP address, as the type and data of its record. */
export const addressData = (address: string): { readonly type: number; readonly data: Buffer } =>
  address.includes(':')
    ? { type: types.aaaa, data: encodeData('AAAA', address) }
    : { type: types.a, data: encodeData('A', address) };
