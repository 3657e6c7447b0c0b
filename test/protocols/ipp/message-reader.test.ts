import assert from 'node:assert/strict';
import { performance } from 'node:perf_hooks';
import * as fc from 'fast-check';
import t from 'tap';
import { ProtocolError } from '../../../lib/errors.js';
import { answerLimits, type IppLimits } from '../../../lib/protocols/ipp/limits.js';
import { decodeMessage, MessageReader, type ReadResult } from '../../../lib/protocols/ipp/message-reader.js';
import { arbitraryMessage } from '../../support/ipp-arbitrary.js';
import {
  collectionOf,
  end,
  group,
  header,
  hex,
  int,
  ippBytes,
  member,
  packet,
  preamble,
  sized,
  value,
} from '../../support/ipp-builder.js';
import { knownPackets } from './known-packets.js';

const hintOf = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (error instanceof ProtocolError) return error.hint;
    throw error;
  }
  return 'accepted';
};

const readByteByByte = (bytes: Uint8Array, reader = new MessageReader()): ReadResult => {
  const one = Buffer.alloc(1);
  for (const octet of bytes) {
    // The same buffer again and again: whatever the reader keeps must be its own.
    one[0] = octet;
    const result = reader.push(one);
    if (result.done) return result;
  }
  return { done: false };
};

for (const { name, bytes, message } of knownPackets) {
  t.test(`${name} is read`, async (t) => {
    t.same(decodeMessage(bytes), { message, rest: new Uint8Array(0) }, 'whole');
    t.same(readByteByByte(bytes), { done: true, message, rest: new Uint8Array(0) }, 'byte by byte');
    const { rest } = decodeMessage(packet(bytes, Buffer.from('%!PS')));
    t.same(Buffer.from(rest).toString(), '%!PS', 'with document data after it');
  });

  t.test(`${name} is not finished at any earlier offset`, async (t) => {
    for (let length = 0; length < bytes.length; length += 1) {
      const reader = new MessageReader();
      t.same(reader.push(bytes.subarray(0, length)), { done: false });
      t.equal(reader.header === undefined, length < 8);
      t.equal(
        hintOf(() => decodeMessage(bytes.subarray(0, length))),
        'client-error-bad-request',
      );
    }
  });
}

t.test('any message is read whole and in any pieces', async () => {
  fc.assert(
    fc.property(arbitraryMessage, fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }), (message, sizes) => {
      const data = Buffer.from('document');
      const bytes = packet(ippBytes(message), data);
      assert.deepEqual(decodeMessage(bytes).message, message);
      const reader = new MessageReader();
      let at = 0;
      let rest = Buffer.alloc(0);
      for (let turn = 0; at < bytes.length; turn += 1) {
        const piece = Buffer.from(bytes.subarray(at, at + sizes[turn % sizes.length]!));
        at += piece.length;
        const result = reader.push(piece);
        if (!result.done) continue;
        assert.deepEqual(result.message, message);
        rest = Buffer.concat([result.rest, bytes.subarray(at)]);
        break;
      }
      assert.equal(rest.toString(), 'document');
    }),
    { numRuns: 300, endOnFailure: true },
  );
});

t.test('raw values are copies: the buffer they came in may be used again', async (t) => {
  const bytes = Buffer.from(
    packet(header(), group(1, value(0x30, 'a', 'raw'), value(0x31, 'b', Buffer.alloc(11, 1))), end),
  );
  const { message } = decodeMessage(bytes);
  bytes.fill(0xee);
  t.same(
    message.groups[0]!.attributes.map(({ values }) => values[0]!.value),
    [new Uint8Array(Buffer.from('raw')), new Uint8Array(11).fill(1)],
  );
});

t.test('the header is known as soon as it is in, and stays known after a failure', async (t) => {
  const reader = new MessageReader();
  reader.push(header('9.9', 0x4002, 77).subarray(0, 7));
  t.equal(reader.header, undefined);
  reader.push(header('9.9', 0x4002, 77).subarray(7));
  const known = { version: { major: 9, minor: 9 }, code: 0x4002, requestId: 77 };
  t.same(reader.header, known);
  t.equal(
    hintOf(() => reader.push(hex('00'))),
    'client-error-bad-request',
  );
  t.same(reader.header, known);
  t.equal(
    hintOf(() => reader.push(end)),
    'client-error-bad-request',
    'a failed reader fails again',
  );
});

t.test('a reader that has its message takes no more', async (t) => {
  const reader = new MessageReader();
  t.equal(reader.push(packet(header(), end)).done, true);
  t.throws(() => reader.push(Buffer.of(1)), /has been read/);
});

const nested = (depth: number): Buffer =>
  depth === 0
    ? value(0x21, '', int(1))
    : Buffer.concat([value(0x34, '', ''), member('m', nested(depth - 1)), value(0x37, '', '')]);
const collections = (depth: number): Buffer => collectionOf('c', member('m', nested(depth - 1)));
const times = (count: number, make: (index: number) => Buffer): Buffer =>
  Buffer.concat(Array.from({ length: count }, (_, index) => make(index)));

const raw = (octets: number): Buffer => value(0x5f, 'a', Buffer.alloc(octets));

const badRequest = 'client-error-bad-request';
const tooLong = 'client-error-request-value-too-long';
const tooLarge = 'client-error-request-entity-too-large';
const noCharset = 'client-error-charset-not-supported';

/** What stands in the first group (or, from its delimiter tag on, instead of it), and how it is answered. */
const cases: readonly (readonly [string, string, ...Buffer[]])[] = [
  ['no groups at all', 'accepted'],
  ['the reserved delimiter tag 0', badRequest, hex('00')],
  ['an unassigned delimiter tag', 'accepted', hex('0f')],
  ['a value before the first group', badRequest, value(0x21, 'a', int(1))],
  ['an additional value at the start of a group', badRequest, group(1, value(0x21, '', int(1)))],
  [
    'an additional value at the start of a later group',
    badRequest,
    group(1, preamble),
    group(2, value(0x21, '', int(1))),
  ],
  ['an integer of 3 octets', badRequest, group(1, value(0x21, 'a', hex('000001')))],
  ['an integer of 5 octets', badRequest, group(1, value(0x21, 'a', hex('0000000001')))],
  ['an enum of 0 octets', badRequest, group(1, value(0x23, 'a', ''))],
  ['a boolean of 2 octets', badRequest, group(1, value(0x22, 'a', hex('0001')))],
  ['a boolean that is 2', badRequest, group(1, value(0x22, 'a', hex('02')))],
  ['a dateTime of 8 octets', badRequest, group(1, value(0x31, 'a', Buffer.alloc(8)))],
  ['a resolution of 8 octets', badRequest, group(1, value(0x32, 'a', Buffer.alloc(8)))],
  ['a range of 9 octets', badRequest, group(1, value(0x33, 'a', Buffer.alloc(9)))],
  ['an out-of-band value with octets', badRequest, group(1, value(0x13, 'a', 'x'))],
  ['an empty keyword', 'accepted', group(1, value(0x44, 'a', ''))],
  ['a keyword of 255 octets', 'accepted', group(1, value(0x44, 'a', 'k'.repeat(255)))],
  ['a keyword of 256 octets', tooLong, group(1, value(0x44, 'a', 'k'.repeat(256)))],
  ['a text of 1023 octets', 'accepted', group(1, value(0x41, 'a', 't'.repeat(1023)))],
  ['a text of 1024 octets', tooLong, group(1, value(0x41, 'a', 't'.repeat(1024)))],
  ['a name of 1024 octets', tooLong, group(1, value(0x42, 'a', 't'.repeat(1024)))],
  ['a uri of 1024 octets', tooLong, group(1, value(0x45, 'a', 't'.repeat(1024)))],
  ['a uriScheme of 64 octets', tooLong, group(1, value(0x46, 'a', 't'.repeat(64)))],
  ['a charset of 64 octets', tooLong, group(1, value(0x47, 'a', 't'.repeat(64)))],
  ['a naturalLanguage of 64 octets', tooLong, group(1, value(0x48, 'a', 't'.repeat(64)))],
  ['a mimeMediaType of 256 octets', tooLong, group(1, value(0x49, 'a', 't'.repeat(256)))],
  ['an octetString of 1024 octets', tooLong, group(1, value(0x30, 'a', 't'.repeat(1024)))],
  ['an unassigned syntax of 32767 octets', 'accepted', group(1, value(0x2f, 'a', 't'.repeat(32767)))],
  ['a negative value-length', badRequest, group(1), hex('4b 0001 61 8000')],
  ['a negative name-length', badRequest, group(1), hex('41 ffff')],
  ['a name of 255 octets', 'accepted', group(1, value(0x21, 'n'.repeat(255), int(1)))],
  ['a name of 256 octets', badRequest, group(1, value(0x21, 'n'.repeat(256), int(1)))],
  ['a text that is no UTF-8', badRequest, group(1, value(0x41, 'a', hex('c3 28')))],
  ['an overlong UTF-8 sequence', badRequest, group(1, value(0x41, 'a', hex('c0 af')))],
  ['a surrogate in UTF-8', badRequest, group(1, value(0x41, 'a', hex('ed a0 80')))],
  ['a text with a NUL', badRequest, group(1, value(0x41, 'a', 'a\0b'))],
  ['an attribute name with a NUL', badRequest, group(1, value(0x41, 'a\0', 'b'))],
  ['a text with other control characters', 'accepted', group(1, value(0x41, 'a\u0007', '\u001b[2J\r\n'))],
  [
    'Latin-1 under a charset that says so',
    noCharset,
    group(1, value(0x47, 'attributes-charset', 'iso-8859-1'), value(0x42, 'job-name', hex('e9'))),
  ],
  ['Latin-1 under utf-8', badRequest, group(1, preamble, value(0x42, 'job-name', hex('e9')))],
  ['a text with language', 'accepted', group(1, value(0x35, 'a', Buffer.concat([sized('en'), sized('x')])))],
  ['a text with language of 3 octets', badRequest, group(1, value(0x35, 'a', hex('000000')))],
  ['a language longer than its value', badRequest, group(1, value(0x35, 'a', hex('0005 656e 0000')))],
  ['a text longer than its value', badRequest, group(1, value(0x36, 'a', Buffer.concat([sized('en'), sized('x', 2)])))],
  [
    'a text shorter than its value',
    badRequest,
    group(1, value(0x36, 'a', Buffer.concat([sized('en'), sized('xy', 1)]))),
  ],
  ['a language of 64 octets', tooLong, group(1, value(0x36, 'a', Buffer.concat([sized('e'.repeat(64)), sized('x')])))],
  ['an empty collection', 'accepted', group(1, collectionOf('c'))],
  ['a collection that begins with octets', badRequest, group(1, value(0x34, 'c', 'x'), value(0x37, '', ''))],
  ['a collection that ends with octets', badRequest, group(1, value(0x34, 'c', ''), value(0x37, '', 'x'))],
  ['a collection that ends with a name', badRequest, group(1, value(0x34, 'c', ''), value(0x37, 'c', ''))],
  ['a collection that does not end', badRequest, group(1, value(0x34, 'c', ''))],
  ['a collection that a group ends', badRequest, group(1, value(0x34, 'c', '')), group(2)],
  ['an end of collection on its own', badRequest, group(1, value(0x37, '', ''))],
  ['a member outside of a collection', badRequest, group(1, value(0x4a, '', 'm'))],
  ['a member without a name', badRequest, group(1, collectionOf('c', member('', value(0x21, '', int(1)))))],
  ['a member without a value', badRequest, group(1, collectionOf('c', member('m')))],
  [
    'a member without a value before another',
    badRequest,
    group(1, collectionOf('c', member('m'), member('n', value(0x21, '', int(1))))),
  ],
  ['a value before the first member', badRequest, group(1, collectionOf('c', value(0x21, '', int(1))))],
  ['a name inside a collection', badRequest, group(1, collectionOf('c', value(0x21, 'm', int(1))))],
  ['a named member tag', badRequest, group(1, collectionOf('c', value(0x4a, 'm', 'm'), value(0x21, '', int(1))))],
  ['8 nested collections', 'accepted', group(1, collections(8))],
  ['9 nested collections', tooLarge, group(1, collections(9))],
  [
    '1000 attributes',
    'accepted',
    group(
      1,
      times(1000, (index) => value(0x21, `a${index}`, int(1))),
    ),
  ],
  [
    '1001 attributes',
    tooLarge,
    group(
      1,
      times(1001, (index) => value(0x21, `a${index}`, int(1))),
    ),
  ],
  [
    '1001 attributes, members counted',
    tooLarge,
    group(
      1,
      collectionOf(
        'c',
        times(1000, () => member('m', value(0x12, '', ''))),
      ),
    ),
  ],
  [
    '10,000 values',
    'accepted',
    group(
      1,
      value(0x12, 'a', ''),
      times(9999, () => value(0x12, '', '')),
    ),
  ],
  [
    '10,001 values',
    tooLarge,
    group(
      1,
      value(0x12, 'a', ''),
      times(10_000, () => value(0x12, '', '')),
    ),
  ],
  ['64 KiB', 'accepted', group(1, raw(32_000), raw(32_000), raw(1508))],
  ['64 KiB and an octet', tooLarge, group(1, raw(32_000), raw(32_000), raw(1509))],
];

for (const [name, expected, ...parts] of cases) {
  t.test(`${name}: ${expected}`, async (t) => {
    const bytes = packet(header(), ...parts, end);
    t.equal(
      hintOf(() => decodeMessage(bytes)),
      expected,
      'whole',
    );
    t.equal(
      hintOf(() => readByteByByte(bytes)),
      expected,
      'byte by byte',
    );
  });
}

t.test('the limit of octets counts exactly, and not the document', async (t) => {
  const bytes = packet(header(), group(1, preamble), end);
  const limits: Partial<IppLimits> = { messageOctets: bytes.length };
  t.equal(decodeMessage(packet(bytes, Buffer.alloc(1000)), limits).rest.length, 1000);
  t.equal(
    hintOf(() => decodeMessage(bytes, { messageOctets: bytes.length - 1 })),
    tooLarge,
  );
});

t.test('a length beyond the limit is refused before its octets come', async (t) => {
  const reader = new MessageReader({ messageOctets: 1000 });
  t.equal(
    hintOf(() => reader.push(packet(header(), group(1), hex('5f 0001 61 7fff')))),
    tooLarge,
  );
});

t.test('answers of printers are read leniently: too long, not UTF-8, with NULs, out-of-band with octets', async (t) => {
  const attributes = [
    value(0x44, 'a', 'k'.repeat(2000)),
    value(0x41, 'b', hex('41 e9 42')),
    value(0x42, 'c', 'HP\0\0'),
    value(0x13, 'd', 'x'),
  ];
  const bytes = packet(header(), group(4, ...attributes), end);
  const values = decodeMessage(bytes, answerLimits).message.groups[0]!.attributes.map((one) => one.values[0]!);
  t.same(values, [
    { tag: 0x44, value: 'k'.repeat(2000) },
    { tag: 0x41, value: 'A\ufffdB' },
    { tag: 0x42, value: 'HP' },
    { tag: 0x13 },
  ]);
  t.equal(
    hintOf(() => decodeMessage(packet(header(), group(4, value(0x21, 'a', 'x')), end), answerLimits)),
    badRequest,
  );
});

t.test('a million octets come one by one in linear time', async (t) => {
  const limits = { messageOctets: 2 ** 21, values: 1_000_000 };
  const bytesOf = (octets: number): Uint8Array =>
    packet(
      header(),
      group(
        1,
        value(0x5f, 'a', ''),
        times(octets / 32_773, () => value(0x5f, '', Buffer.alloc(32_768 - 1))),
      ),
      end,
    );
  const timed = (octets: number): number => {
    const bytes = bytesOf(octets);
    const start = performance.now();
    t.equal(readByteByByte(bytes, new MessageReader(limits)).done, true);
    return performance.now() - start;
  };
  timed(100_000);
  const small = timed(125_000);
  const large = timed(1_000_000);
  t.ok(large < small * 8 * 6 + 50, `125 kB in ${small.toFixed(1)} ms, 1 MB in ${large.toFixed(1)} ms`);
});
