// Any message that the wire can carry, for property tests.
import * as fc from 'fast-check';
import type { RawTag } from '../../lib/protocols/ipp/tags.js';
import { isRawTag, tags } from '../../lib/protocols/ipp/tags.js';
import type { IppAttribute, IppGroup, IppMessage, IppValue } from '../../lib/protocols/ipp/values.js';

/** A record like the decoder's objects: with the ordinary prototype. */
const plain = <T>(fields: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> =>
  fc.record<T>(fields, { noNullPrototype: true });

const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const wellFormed = (longest: number): fc.Arbitrary<string> =>
  fc
    .string({ unit: 'binary', maxLength: longest })
    .map((text) => text.replaceAll('\0', ''))
    .filter((text) => Buffer.byteLength(text) <= longest);
const octets = (longest: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ maxLength: longest }).map((bytes) => new Uint8Array(bytes));
const rawTags = Array.from({ length: 256 }, (_, tag) => tag).filter(isRawTag);

const outOfBand = fc
  .constantFrom(
    tags.unsupported,
    tags.default,
    tags.unknown,
    tags.noValue,
    tags.notSettable,
    tags.deleteAttribute,
    tags.adminDefine,
  )
  .map((tag): IppValue => ({ tag }));

const scalar: fc.Arbitrary<IppValue> = fc.oneof(
  plain({ tag: fc.constantFrom(tags.integer, tags.enum), value: int32 }),
  plain({ tag: fc.constant(tags.boolean), value: fc.boolean() }),
  plain({ tag: fc.constantFrom(tags.text, tags.name, tags.uri), value: wellFormed(200) }),
  plain({ tag: fc.constantFrom(tags.keyword, tags.mimeMediaType), value: wellFormed(255) }),
  plain({ tag: fc.constantFrom(tags.uriScheme, tags.charset, tags.naturalLanguage), value: wellFormed(63) }),
  plain({
    tag: fc.constantFrom(tags.textWithLanguage, tags.nameWithLanguage),
    value: plain({ language: wellFormed(63), text: wellFormed(100) }),
  }),
  plain({ tag: fc.constant(tags.rangeOfInteger), value: plain({ lower: int32, upper: int32 }) }),
  plain({
    tag: fc.constant(tags.resolution),
    value: plain({ x: int32, y: int32, units: fc.integer({ min: -128, max: 127 }) }),
  }),
  plain({
    tag: fc.constant(tags.dateTime),
    value: fc.uint8Array({ minLength: 11, maxLength: 11 }).map((bytes) => new Uint8Array(bytes)),
  }),
  plain({ tag: fc.constantFrom<RawTag>(...rawTags), value: octets(40) }),
  outOfBand,
);

const attributeOf = (value: fc.Arbitrary<IppValue>): fc.Arbitrary<IppAttribute> =>
  plain({
    name: wellFormed(60).filter((name) => name !== ''),
    values: fc.array(value, { minLength: 1, maxLength: 4 }),
  });

/** A value with at most `depth` collections within each other. */
const valueOf = (depth: number): fc.Arbitrary<IppValue> => {
  if (depth === 0) return scalar;
  const members = fc.array(attributeOf(valueOf(depth - 1)), { maxLength: 3 });
  const nested = members.map((value): IppValue => ({ tag: tags.begCollection, value }));
  return fc.oneof({ arbitrary: scalar, weight: 5 }, { arbitrary: nested, weight: 1 });
};

const groups: fc.Arbitrary<IppGroup> = plain({
  tag: fc.integer({ min: 1, max: 15 }).filter((tag) => tag !== 3),
  attributes: fc.array(attributeOf(valueOf(4)), { maxLength: 6 }),
});

/** Within the limits for requests. */
export const arbitraryMessage: fc.Arbitrary<IppMessage> = plain({
  version: plain({ major: fc.integer({ min: 0, max: 127 }), minor: fc.integer({ min: 0, max: 127 }) }),
  code: fc.integer({ min: 0, max: 0xffff }),
  requestId: int32,
  groups: fc.array(groups, { maxLength: 4 }),
});
