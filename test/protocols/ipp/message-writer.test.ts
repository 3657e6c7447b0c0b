import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import t from 'tap';
import { decodeMessage } from '../../../lib/protocols/ipp/message-reader.js';
import {
  encodeAttributes,
  encodeHeader,
  encodeMessage,
  endOfAttributes,
} from '../../../lib/protocols/ipp/message-writer.js';
import * as v from '../../../lib/protocols/ipp/values.js';
import { arbitraryMessage } from '../../support/ipp-arbitrary.js';
import { ippBytes, packet } from '../../support/ipp-builder.js';
import { knownPackets } from './known-packets.js';

for (const { name, bytes, message } of knownPackets) {
  t.test(`${name} is written`, async (t) => {
    t.same(Buffer.from(encodeMessage(message)).toString('hex'), Buffer.from(bytes).toString('hex'));
  });
}

t.test('any message is written as an independent encoder writes it, and read back the same', async () => {
  fc.assert(
    fc.property(arbitraryMessage, (message) => {
      const bytes = encodeMessage(message);
      assert.equal(Buffer.compare(bytes, ippBytes(message)), 0);
      assert.deepEqual(decodeMessage(bytes).message, message);
    }),
    { numRuns: 1000, endOnFailure: true },
  );
});

t.test('header, groups and end written piecewise are the message', async () => {
  fc.assert(
    fc.property(arbitraryMessage, (message) => {
      const pieces = packet(encodeHeader(message), ...message.groups.map(encodeAttributes), endOfAttributes);
      assert.equal(Buffer.compare(pieces, encodeMessage(message)), 0);
    }),
    { numRuns: 200, endOnFailure: true },
  );
});

t.test('strings of any length and script are written in UTF-8', async (t) => {
  for (const length of [0, 1, 63, 64, 65, 500, 1000]) {
    for (const letter of ['a', 'é', '€', '😀']) {
      const text = letter.repeat(Math.floor(length / Buffer.byteLength(letter))) + 'z'.repeat(length % 7);
      const message = {
        ...knownPackets[0]!.message,
        groups: [v.group(4, v.attribute('a', v.text(text), v.text(text)))],
      };
      t.equal(Buffer.compare(encodeMessage(message), ippBytes(message)), 0, `${length} octets of ${letter}`);
    }
  }
});

t.test('the builders make what their names say', async (t) => {
  const at = Date.UTC(2026, 10, 22, 7, 42, 19, 900);
  const members = [v.attribute('m', v.integer(1))];
  t.same(
    [
      v.integer(-5),
      v.enumValue(3),
      v.boolean(true),
      v.keyword('k'),
      v.text('t'),
      v.name('n'),
      v.uri('u'),
      v.uriScheme('s'),
      v.charset('c'),
      v.language('l'),
      v.mimeType('a/b'),
      v.dateTime(at),
      v.range(1, 2),
      v.resolution(300, 600),
      v.resolution(3, 6, 4),
      v.collection(members),
      v.octets(Uint8Array.of(1)),
      v.textWithLanguage('en', 't'),
      v.nameWithLanguage('en', 'n'),
      v.noValue,
      v.unknown,
      v.unsupported,
    ],
    [
      { tag: 0x21, value: -5 },
      { tag: 0x23, value: 3 },
      { tag: 0x22, value: true },
      { tag: 0x44, value: 'k' },
      { tag: 0x41, value: 't' },
      { tag: 0x42, value: 'n' },
      { tag: 0x45, value: 'u' },
      { tag: 0x46, value: 's' },
      { tag: 0x47, value: 'c' },
      { tag: 0x48, value: 'l' },
      { tag: 0x49, value: 'a/b' },
      { tag: 0x31, value: Uint8Array.of(7, 0xea, 11, 22, 7, 42, 19, 9, 0x2b, 0, 0) },
      { tag: 0x33, value: { lower: 1, upper: 2 } },
      { tag: 0x32, value: { x: 300, y: 600, units: 3 } },
      { tag: 0x32, value: { x: 3, y: 6, units: 4 } },
      { tag: 0x34, value: [{ name: 'm', values: [{ tag: 0x21, value: 1 }] }] },
      { tag: 0x30, value: Uint8Array.of(1) },
      { tag: 0x35, value: { language: 'en', text: 't' } },
      { tag: 0x36, value: { language: 'en', text: 'n' } },
      { tag: 0x13 },
      { tag: 0x12 },
      { tag: 0x10 },
    ],
  );
});

t.test('what the wire cannot carry is a bug of the caller', async (t) => {
  const bugs = {
    'a number with a fraction': v.attribute('a', v.integer(1.5)),
    'a number beyond 32 bits': v.attribute('a', v.integer(2 ** 31)),
    'no number': v.attribute('a', v.enumValue(Number.NaN)),
    'a range beyond 32 bits': v.attribute('a', v.range(0, 2 ** 40)),
    'a text longer than a length can say': v.attribute('a', v.text('x'.repeat(32_768))),
    'octets longer than a length can say': v.attribute('a', v.octets(new Uint8Array(32_768))),
    'an attribute without values': v.attribute('a'),
    'an attribute without a name': v.attribute('', v.integer(1)),
    'a member without values': v.attribute('a', v.collection([v.attribute('m')])),
  };
  for (const [name, attribute] of Object.entries(bugs)) {
    t.throws(() => encodeAttributes(v.group(4, attribute)), RangeError, name);
  }
});
