// Attributes found by name and read by syntax. What is absent, out-of-band or of another syntax is undefined.
import { groupTags, tags } from './tags.js';
import { dateTimeMs } from './date-time.js';
import {
  isString,
  type IppAttribute,
  type IppGroup,
  type IppMessage,
  type IppValue,
  type Range,
  type Resolution,
} from './values.js';

/** A group, or a collection's members as `{ attributes: value }`; or nothing, in which nothing is found. */
export type Attributes = Pick<IppGroup, 'attributes'> | undefined;

export const findGroup = (message: IppMessage, tag: number): IppGroup | undefined =>
  message.groups.find((group) => group.tag === tag);

export const operationGroup = (message: IppMessage): IppGroup | undefined => findGroup(message, groupTags.operation);

export const findAttribute = (group: Attributes, name: string): IppAttribute | undefined =>
  group?.attributes.find((attribute) => attribute.name === name);

export const valuesOf = (group: Attributes, name: string): readonly IppValue[] =>
  findAttribute(group, name)?.values ?? [];

export const firstValue = (group: Attributes, name: string): IppValue | undefined => valuesOf(group, name)[0];

/** The string in a value of any string syntax; one with a language loses it. */
export const asString = (value: IppValue | undefined): string | undefined => {
  if (value?.tag === tags.textWithLanguage || value?.tag === tags.nameWithLanguage) return value.value.text;
  return value && isString(value) ? value.value : undefined;
};

const asNumber = (value: IppValue | undefined): number | undefined =>
  value?.tag === tags.integer || value?.tag === tags.enum ? value.value : undefined;

const isDefined = <T>(value: T | undefined): value is T => value !== undefined;

export const stringOf = (group: Attributes, name: string): string | undefined => asString(firstValue(group, name));

/** All values that are strings, keywords or not: 1setOf (type2 keyword | name) mixes them. */
export const keywordsOf = (group: Attributes, name: string): readonly string[] =>
  valuesOf(group, name).map(asString).filter(isDefined);

/** An integer or an enum. */
export const integerOf = (group: Attributes, name: string): number | undefined => asNumber(firstValue(group, name));

export const integersOf = (group: Attributes, name: string): readonly number[] =>
  valuesOf(group, name).map(asNumber).filter(isDefined);

export const booleanOf = (group: Attributes, name: string): boolean | undefined => {
  const value = firstValue(group, name);
  return value?.tag === tags.boolean ? value.value : undefined;
};

export const rangesOf = (group: Attributes, name: string): readonly Range[] =>
  valuesOf(group, name)
    .map((value) => (value.tag === tags.rangeOfInteger ? value.value : undefined))
    .filter(isDefined);

export const resolutionOf = (group: Attributes, name: string): Resolution | undefined => {
  const value = firstValue(group, name);
  return value?.tag === tags.resolution ? value.value : undefined;
};

/** Milliseconds since 1970. */
export const dateTimeOf = (group: Attributes, name: string): number | undefined => {
  const value = firstValue(group, name);
  return value?.tag === tags.dateTime ? dateTimeMs(value.value) : undefined;
};

/** The octets of an octetString. */
export const octetsOf = (group: Attributes, name: string): Uint8Array | undefined => {
  const value = firstValue(group, name);
  return value?.tag === tags.octetString ? value.value : undefined;
};

export const collectionsOf = (group: Attributes, name: string): readonly (readonly IppAttribute[])[] =>
  valuesOf(group, name)
    .map((value) => (value.tag === tags.begCollection ? value.value : undefined))
    .filter(isDefined);
