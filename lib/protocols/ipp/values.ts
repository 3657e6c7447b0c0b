// An IPP message as data, and short builders for its parts. Values are told apart by their tag (RFC 8010 section 3.9).
import { dateTimeOctets } from './date-time.js';
import { isOutOfBandTag, isRawTag, type OutOfBandTag, type RawTag, type StringTag, tags } from './tags.js';

type Tags = typeof tags;

export interface NumberValue {
  readonly tag: Tags['integer' | 'enum'];
  readonly value: number;
}

export interface BooleanValue {
  readonly tag: Tags['boolean'];
  readonly value: boolean;
}

export interface StringValue {
  readonly tag: StringTag;
  readonly value: string;
}

export interface LanguageString {
  readonly language: string;
  readonly text: string;
}

export interface LanguageStringValue {
  readonly tag: Tags['textWithLanguage' | 'nameWithLanguage'];
  readonly value: LanguageString;
}

export interface Range {
  readonly lower: number;
  readonly upper: number;
}

export interface RangeValue {
  readonly tag: Tags['rangeOfInteger'];
  readonly value: Range;
}

/** Dots across and down the feed direction; units 3 = per inch, 4 = per centimetre. */
export interface Resolution {
  readonly x: number;
  readonly y: number;
  readonly units: number;
}

export interface ResolutionValue {
  readonly tag: Tags['resolution'];
  readonly value: Resolution;
}

/** The eleven octets of RFC 2579 DateAndTime; date-time.ts converts them. */
export interface DateTimeValue {
  readonly tag: Tags['dateTime'];
  readonly value: Uint8Array;
}

export interface CollectionValue {
  readonly tag: Tags['begCollection'];
  readonly value: readonly IppAttribute[];
}

export interface OutOfBandValue {
  readonly tag: OutOfBandTag;
  readonly value?: undefined;
}

export interface RawValue {
  readonly tag: RawTag;
  readonly value: Uint8Array;
}

export type IppValue =
  | NumberValue
  | BooleanValue
  | StringValue
  | LanguageStringValue
  | RangeValue
  | ResolutionValue
  | DateTimeValue
  | CollectionValue
  | OutOfBandValue
  | RawValue;

/** Of any string syntax without a language of its own. */
export const isString = (value: IppValue): value is StringValue => typeof value.value === 'string';

export const isOutOfBand = (value: IppValue): value is OutOfBandValue => isOutOfBandTag(value.tag);

export const isRaw = (value: IppValue): value is RawValue => isRawTag(value.tag);

export interface IppAttribute {
  readonly name: string;
  readonly values: readonly IppValue[];
}

export interface IppGroup {
  readonly tag: number;
  readonly attributes: readonly IppAttribute[];
}

export interface IppVersion {
  readonly major: number;
  readonly minor: number;
}

export interface IppHeader {
  readonly version: IppVersion;
  /** Operation id of a request, status code of a response. */
  readonly code: number;
  readonly requestId: number;
}

export interface IppMessage extends IppHeader {
  readonly groups: readonly IppGroup[];
}

export const integer = (value: number): NumberValue => ({ tag: tags.integer, value });
export const enumValue = (value: number): NumberValue => ({ tag: tags.enum, value });
export const boolean = (value: boolean): BooleanValue => ({ tag: tags.boolean, value });
export const text = (value: string): StringValue => ({ tag: tags.text, value });
export const name = (value: string): StringValue => ({ tag: tags.name, value });
export const keyword = (value: string): StringValue => ({ tag: tags.keyword, value });
export const uri = (value: string): StringValue => ({ tag: tags.uri, value });
export const uriScheme = (value: string): StringValue => ({ tag: tags.uriScheme, value });
export const charset = (value: string): StringValue => ({ tag: tags.charset, value });
export const language = (value: string): StringValue => ({ tag: tags.naturalLanguage, value });
export const mimeType = (value: string): StringValue => ({ tag: tags.mimeMediaType, value });
export const range = (lower: number, upper: number): RangeValue => ({
  tag: tags.rangeOfInteger,
  value: { lower, upper },
});
export const octets = (value: Uint8Array): RawValue => ({ tag: tags.octetString, value });
export const collection = (attributes: readonly IppAttribute[]): CollectionValue => ({
  tag: tags.begCollection,
  value: attributes,
});

/** Dots per inch unless `units` says otherwise. */
export const resolution = (x: number, y: number, units = 3): ResolutionValue => ({
  tag: tags.resolution,
  value: { x, y, units },
});

export const textWithLanguage = (language: string, text: string): LanguageStringValue => ({
  tag: tags.textWithLanguage,
  value: { language, text },
});

export const nameWithLanguage = (language: string, text: string): LanguageStringValue => ({
  tag: tags.nameWithLanguage,
  value: { language, text },
});

/** `ms` since 1970, told in UTC; tenths of a second are kept. */
export const dateTime = (ms: number): DateTimeValue => ({ tag: tags.dateTime, value: dateTimeOctets(ms) });

export const unsupported: OutOfBandValue = { tag: tags.unsupported };
export const unknown: OutOfBandValue = { tag: tags.unknown };
export const noValue: OutOfBandValue = { tag: tags.noValue };

export const attribute = (name: string, ...values: readonly IppValue[]): IppAttribute => ({ name, values });

export const group = (tag: number, ...attributes: readonly IppAttribute[]): IppGroup => ({ tag, attributes });
