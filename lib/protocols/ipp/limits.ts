// How large a message may be before its data (R62), and how strictly its strings are read.
import { tags } from './tags.js';

export interface IppLimits {
  /** Octets from the version number to the end-of-attributes tag. */
  readonly messageOctets: number;
  /** Attributes, members of collections included. */
  readonly attributes: number;
  /** Values, those of members included. */
  readonly values: number;
  /** Collections within collections. */
  readonly collectionDepth: number;
  /**
   * For answers of printers, whose firmware cannot be mended: values may exceed the maxima of RFC 8011, and strings
   * that are not UTF-8 or hold a NUL are repaired (U+FFFD; cut at the NUL) instead of refused.
   */
  readonly lenient: boolean;
}

/** Requests from anybody. */
export const requestLimits: IppLimits = {
  messageOctets: 64 * 1024,
  attributes: 1000,
  values: 10_000,
  collectionDepth: 8,
  lenient: false,
};

/** Answers of printers: one with a long media-col-database fills some hundred KiB. */
export const answerLimits: IppLimits = {
  messageOctets: 1024 * 1024,
  attributes: 20_000,
  values: 50_000,
  collectionDepth: 8,
  lenient: true,
};

/** Lengths are SIGNED-SHORT (RFC 8010 section 3.2). */
export const longestField = 0x7fff;

/** An attribute's name is a keyword (RFC 8011 section 5.1.4). */
export const longestName = 255;

/** Octets that a value must have (RFC 8010 section 3.9). */
export const exactLengths: ReadonlyMap<number, number> = new Map([
  [tags.integer, 4],
  [tags.boolean, 1],
  [tags.enum, 4],
  [tags.dateTime, 11],
  [tags.resolution, 9],
  [tags.rangeOfInteger, 8],
  [tags.begCollection, 0],
  [tags.endCollection, 0],
]);

/**
 * Octets that a value may have (RFC 8011 section 5.1). Names have 255 there; drivers put whole document titles into
 * job-name, so they are read up to the 1023 of text. The language strings hold two lengths, a language and a text.
 */
export const longestLengths: ReadonlyMap<number, number> = new Map([
  [tags.octetString, 1023],
  [tags.textWithLanguage, 4 + 63 + 1023],
  [tags.nameWithLanguage, 4 + 63 + 1023],
  [tags.text, 1023],
  [tags.name, 1023],
  [tags.keyword, 255],
  [tags.uri, 1023],
  [tags.uriScheme, 63],
  [tags.charset, 63],
  [tags.naturalLanguage, 63],
  [tags.mimeMediaType, 255],
  [tags.memberAttrName, longestName],
]);
