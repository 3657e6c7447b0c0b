// IPP packets by hand: its own encoding of RFC 8010, so that the codec under test cannot agree with itself in a mistake.
// It writes whatever it is told, wrong lengths and misplaced tags included.
import type { IppAttribute, IppMessage, IppValue } from '../../lib/protocols/ipp/values.js';

export const hex = (digits: string): Buffer => Buffer.from(digits.replaceAll(/\s/g, ''), 'hex');

const short = (number: number): Buffer => hex((number & 0xffff).toString(16).padStart(4, '0'));

/** Four octets, two's complement. */
export const int = (number: number): Buffer => hex((number >>> 0).toString(16).padStart(8, '0'));

/** A length of two octets and the octets; `length` to lie about it. */
export const sized = (octets: string | Uint8Array, length?: number): Buffer => {
  const content = Buffer.from(octets);
  return Buffer.concat([short(length ?? content.length), content]);
};

/** A value with its tag: the first of an attribute with its name, further ones with none. */
export const value = (tag: number, name: string, octets: string | Uint8Array): Buffer =>
  Buffer.concat([Buffer.of(tag), sized(name), sized(octets)]);

export const header = (version = '1.1', code = 0x000b, requestId = 1): Buffer => {
  const [major = '1', minor = '1'] = version.split('.');
  return Buffer.concat([Buffer.of(Number(major), Number(minor)), short(code), int(requestId)]);
};

export const group = (tag: number, ...parts: readonly Buffer[]): Buffer => Buffer.concat([Buffer.of(tag), ...parts]);

export const end = Buffer.of(0x03);

/** The two attributes that begin every operation group. */
export const preamble = Buffer.concat([
  value(0x47, 'attributes-charset', 'utf-8'),
  value(0x48, 'attributes-natural-language', 'en'),
]);

export const packet = (...parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));

/** A collection as the value of `name`; its members are built by `member`. */
export const collectionOf = (name: string, ...members: readonly Buffer[]): Buffer =>
  Buffer.concat([value(0x34, name, ''), ...members, value(0x37, '', '')]);

export const member = (name: string, ...values: readonly Buffer[]): Buffer =>
  Buffer.concat([value(0x4a, '', name), ...values]);

/** The octets of one value that is not a collection, by the table of RFC 8010 section 3.9. */
const octetsOf = ({ tag, value }: IppValue): Uint8Array => {
  const content: unknown = value;
  if (content === undefined) return Buffer.alloc(0);
  if (typeof content === 'boolean') return Buffer.of(Number(content));
  if (typeof content === 'number') return int(content);
  if (typeof content === 'string') return Buffer.from(content);
  if (content instanceof Uint8Array) return content;
  const fields = content as Record<string, number> & { language: string; text: string };
  if (tag === 0x33) return Buffer.concat([int(fields['lower']!), int(fields['upper']!)]);
  if (tag === 0x32) return Buffer.concat([int(fields['x']!), int(fields['y']!), Buffer.of(fields['units']!)]);
  return Buffer.concat([sized(fields.language), sized(fields.text)]);
};

const valueOf = (one: IppValue, name: string): Buffer => {
  if (one.tag !== 0x34) return value(one.tag, name, octetsOf(one));
  return collectionOf(name, ...one.value.map(({ name, values }) => member(name, ...values.map((v) => valueOf(v, '')))));
};

const attributeOf = ({ name, values }: IppAttribute): Buffer =>
  Buffer.concat(values.map((one, position) => valueOf(one, position === 0 ? name : '')));

/** A whole message from data. */
export const ippBytes = ({ version, code, requestId, groups }: IppMessage): Uint8Array =>
  packet(
    header(`${version.major}.${version.minor}`, code, requestId),
    ...groups.map(({ tag, attributes }) => group(tag, ...attributes.map(attributeOf))),
    end,
  );
