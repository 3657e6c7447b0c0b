// One value's octets to data (RFC 8010 section 3.9). Collections are put together by the reader.
import { ProtocolError } from '../../errors.js';
import { exactLengths, longestField, longestLengths } from './limits.js';
import { isOutOfBandTag, type RawTag, tags } from './tags.js';
import type { IppValue, LanguageString } from './values.js';

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const lenientUtf8 = new TextDecoder('utf-8', { ignoreBOM: true });

export const badRequest = (message: string): ProtocolError => new ProtocolError('client-error-bad-request', message);

const tooLong = (message: string): ProtocolError => new ProtocolError('client-error-request-value-too-long', message);

const hex = (tag: number): string => `0x${tag.toString(16).padStart(2, '0')}`;

/** Strings that are not UTF-8, for the reader: whether this is wrong depends on the charset that the request announced. */
export class MalformedText extends ProtocolError {
  constructor() {
    super('client-error-bad-request', 'a string is not valid UTF-8');
  }
}

/**
 * Names and strings: UTF-8, no NUL (RFC 5198, to which RFC 8011 section 5.1.2 refers; a C program behind us would cut
 * there). Other control characters are legal here and stay.
 */
export const decodeText = (octets: Uint8Array, lenient: boolean): string => {
  if (lenient) {
    const text = lenientUtf8.decode(octets);
    const end = text.indexOf('\0');
    return end < 0 ? text : text.slice(0, end);
  }
  let text: string;
  try {
    text = strictUtf8.decode(octets);
  } catch {
    throw new MalformedText();
  }
  if (text.includes('\0')) throw badRequest('a string holds a NUL');
  return text;
};

/** Refuses a value by its announced length, before its octets have come. */
export const checkLength = (tag: number, length: number, lenient: boolean): void => {
  if (length > longestField) throw badRequest(`value-length ${length} is negative as SIGNED-SHORT`);
  const exact = exactLengths.get(tag);
  if (exact !== undefined && length !== exact) {
    throw badRequest(`a value with tag ${hex(tag)} has ${exact} octets, not ${length}`);
  }
  if (lenient) return;
  if (isOutOfBandTag(tag) && length !== 0) throw badRequest(`the out-of-band value ${hex(tag)} has ${length} octets`);
  const longest = longestLengths.get(tag);
  if (longest !== undefined && length > longest) {
    throw tooLong(`a value with tag ${hex(tag)} has ${length} octets, more than ${longest}`);
  }
};

const decodeLanguageString = (octets: Uint8Array, lenient: boolean): LanguageString => {
  const view = new DataView(octets.buffer, octets.byteOffset, octets.length);
  const languageLength = octets.length < 4 ? longestField : view.getUint16(0);
  if (languageLength + 4 > octets.length) throw badRequest('a string with language is shorter than its parts');
  const textLength = view.getUint16(2 + languageLength);
  if (languageLength + textLength + 4 !== octets.length) {
    throw badRequest('a string with language has not the length of its parts');
  }
  if (!lenient && (languageLength > 63 || textLength > 1023)) throw tooLong('a string with language is too long');
  return {
    language: decodeText(octets.subarray(2, 2 + languageLength), lenient),
    text: decodeText(octets.subarray(4 + languageLength), lenient),
  };
};

const decodeBoolean = (octet: number): boolean => {
  if (octet > 1) throw badRequest(`a boolean is ${octet}`);
  return octet === 1;
};

/** A value whose length `checkLength` has accepted. Raw octets are copied, so that no value keeps a whole message alive. */
export const decodeValue = (tag: number, octets: Uint8Array, lenient: boolean): IppValue => {
  if (isOutOfBandTag(tag)) return { tag };
  const view = new DataView(octets.buffer, octets.byteOffset, octets.length);
  switch (tag) {
    case tags.integer:
    case tags.enum:
      return { tag, value: view.getInt32(0) };
    case tags.boolean:
      return { tag, value: decodeBoolean(view.getUint8(0)) };
    case tags.text:
    case tags.name:
    case tags.keyword:
    case tags.uri:
    case tags.uriScheme:
    case tags.charset:
    case tags.naturalLanguage:
    case tags.mimeMediaType:
      return { tag, value: decodeText(octets, lenient) };
    case tags.textWithLanguage:
    case tags.nameWithLanguage:
      return { tag, value: decodeLanguageString(octets, lenient) };
    case tags.rangeOfInteger:
      return { tag, value: { lower: view.getInt32(0), upper: view.getInt32(4) } };
    case tags.resolution:
      return { tag, value: { x: view.getInt32(0), y: view.getInt32(4), units: view.getInt8(8) } };
    case tags.dateTime:
      return { tag, value: new Uint8Array(octets) };
    default:
      return { tag: tag as RawTag, value: new Uint8Array(octets) };
  }
};
