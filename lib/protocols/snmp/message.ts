// SNMPv1 and SNMPv2c messages as an agent reads and writes them (RFC 1157 section 4, RFC 1901, RFC 3416 section 3).

import { ProtocolError } from '../../errors.js';
import { BerReader, element, integerElement, oidElement, readInteger, readOid, tags } from './ber.js';
import type { Oid } from './ber.js';

export type SnmpVersion = 'v1' | 'v2c';

const requestTags = { 0xa0: 'get', 0xa1: 'get-next', 0xa3: 'set', 0xa5: 'get-bulk' } as const;
const responseTag = 0xa2;
export type RequestType = (typeof requestTags)[keyof typeof requestTags];

export interface SnmpRequest {
  readonly version: SnmpVersion;
  readonly community: Buffer;
  readonly type: RequestType;
  readonly id: number;
  /** Both 0 unless `type` is get-bulk; never negative. */
  readonly nonRepeaters: number;
  readonly maxRepetitions: number;
  readonly names: readonly Oid[];
  /** The variable bindings as they came: an answer that reports an error repeats them. */
  readonly bindings: Buffer;
}

/** RFC 3416 section 3, error-status. */
export const errorStatus = {
  noError: 0,
  tooBig: 1,
  noSuchName: 2,
  genErr: 5,
  notWritable: 17,
} as const;
export type ErrorStatus = keyof typeof errorStatus;

export type SnmpValue =
  | { readonly type: 'integer' | 'counter32' | 'gauge32' | 'timeTicks'; readonly value: number }
  | { readonly type: 'octets'; readonly value: Uint8Array }
  | { readonly type: 'oid'; readonly value: Oid }
  | { readonly type: 'noSuchObject' | 'noSuchInstance' | 'endOfMibView' };

/** Anything longer is nobody's community. */
const maxCommunity = 255;

/** Throws `ProtocolError` for all that is not a v1 or v2c request, SNMPv3 included. */
export const decodeRequest = (packet: Buffer): SnmpRequest => {
  const outer = new BerReader(packet);
  const message = new BerReader(outer.expect(tags.sequence));
  outer.expectEnd();
  const version = versionOf(readInteger(message.expect(tags.integer)));
  const community = message.expect(tags.octets);
  if (community.length > maxCommunity) throw new ProtocolError('malformed', 'a community of over 255 octets');
  const { tag, content } = message.next();
  message.expectEnd();
  return { version, community, ...decodePdu(version, tag, new BerReader(content)) };
};

const versionOf = (number: number): SnmpVersion => {
  if (number === 0) return 'v1';
  if (number === 1) return 'v2c';
  throw new ProtocolError('version', `SNMP version number ${number}`);
};

const decodePdu = (version: SnmpVersion, tag: number, pdu: BerReader): Omit<SnmpRequest, 'version' | 'community'> => {
  const type = requestTags[tag as keyof typeof requestTags];
  if (type === undefined || (type === 'get-bulk' && version === 'v1')) {
    throw new ProtocolError('type', `a message of type ${tag}`);
  }
  const id = readInteger(pdu.expect(tags.integer));
  const first = readInteger(pdu.expect(tags.integer));
  const second = readInteger(pdu.expect(tags.integer));
  const bindings = pdu.expect(tags.sequence);
  pdu.expectEnd();
  const isBulk = type === 'get-bulk';
  const nonRepeaters = isBulk ? Math.max(0, first) : 0;
  const maxRepetitions = isBulk ? Math.max(0, second) : 0;
  return { type, id, nonRepeaters, maxRepetitions, names: decodeNames(bindings), bindings };
};

const decodeNames = (bindings: Buffer): Oid[] => {
  const names: Oid[] = [];
  const list = new BerReader(bindings);
  while (!list.atEnd) {
    const binding = new BerReader(list.expect(tags.sequence));
    names.push(readOid(binding.expect(tags.oid)));
    binding.next();
    binding.expectEnd();
  }
  return names;
};

export const encodeBinding = (name: Oid, value: SnmpValue): Buffer =>
  element(tags.sequence, oidElement(name), encodeValue(value));

const encodeValue = (value: SnmpValue): Buffer => {
  switch (value.type) {
    case 'integer':
    case 'counter32':
    case 'gauge32':
    case 'timeTicks':
      return integerElement(tags[value.type], value.value);
    case 'octets':
      return element(tags.octets, value.value);
    case 'oid':
      return oidElement(value.value);
    case 'noSuchObject':
    case 'noSuchInstance':
    case 'endOfMibView':
      return element(tags[value.type]);
    default:
      return value satisfies never;
  }
};

/** Octets that everything but the bindings takes at most. */
export const responseOverhead = (request: SnmpRequest): number => request.community.length + 36;

export const encodeResponse = (
  request: SnmpRequest,
  answer: { readonly status: ErrorStatus; readonly index: number; readonly bindings: Uint8Array },
): Buffer =>
  element(
    tags.sequence,
    integerElement(tags.integer, request.version === 'v1' ? 0 : 1),
    element(tags.octets, request.community),
    element(
      responseTag,
      integerElement(tags.integer, request.id),
      integerElement(tags.integer, errorStatus[answer.status]),
      integerElement(tags.integer, answer.index),
      element(tags.sequence, answer.bindings),
    ),
  );
