import * as fc from 'fast-check';
import t from 'tap';
import { ProtocolError } from '../../../lib/errors.js';
import {
  BerReader,
  element,
  integerElement,
  oidElement,
  readInteger,
  readOid,
  tags,
} from '../../../lib/protocols/snmp/ber.js';

const bytes = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex');
const contentOf = (hex: string): Buffer => new BerReader(bytes(hex)).next().content;

t.test('integers are read and written in the fewest octets', async (t) => {
  const cases: readonly [number, string][] = [
    [0, '02 01 00'],
    [127, '02 01 7f'],
    [128, '02 02 00 80'],
    [256, '02 02 01 00'],
    [-1, '02 01 ff'],
    [-128, '02 01 80'],
    [-129, '02 02 ff 7f'],
    [2 ** 31 - 1, '02 04 7f ff ff ff'],
    [-(2 ** 31), '02 04 80 00 00 00'],
  ];
  for (const [value, hex] of cases) {
    t.same(integerElement(tags.integer, value), bytes(hex), `${value} written`);
    t.equal(readInteger(contentOf(hex)), value, `${value} read`);
  }
  t.same(integerElement(tags.counter32, 2 ** 32 - 1), bytes('41 05 00 ff ff ff ff'), 'a counter has no sign');
});

t.test('object identifiers are read and written', async (t) => {
  const cases: readonly [string, string][] = [
    ['1.3.6.1.2.1.1.1.0', '06 08 2b 06 01 02 01 01 01 00'],
    ['0.0', '06 01 00'],
    ['2.999.3', '06 03 88 37 03'],
    ['1.3.4294967295', '06 06 2b 8f ff ff ff 7f'],
    ['1.3.128.16384', '06 06 2b 81 00 81 80 00'],
  ];
  for (const [text, hex] of cases) {
    t.same(oidElement(text.split('.').map(Number)), bytes(hex), `${text} written`);
    t.equal(readOid(contentOf(hex)).join('.'), text, `${text} read`);
  }
});

t.test('what does not fit is refused', async (t) => {
  const cases: readonly [string, () => unknown][] = [
    ['nothing', () => new BerReader(bytes('')).next()],
    ['a tag alone', () => new BerReader(bytes('30')).next()],
    ['less than its length', () => new BerReader(bytes('30 03 02 01')).next()],
    ['an indefinite length', () => new BerReader(bytes('30 80 00 00')).next()],
    ['a length of five octets', () => new BerReader(bytes('30 85 00 00 00 00 00')).next()],
    ['a length of 4 GiB', () => new BerReader(bytes('30 84 ff ff ff ff 00')).next()],
    ['a length cut short', () => new BerReader(bytes('30 82 01')).next()],
    ['a tag of two octets', () => new BerReader(bytes('3f 81 01 00')).next()],
    ['another tag', () => new BerReader(bytes('04 00')).expect(tags.sequence)],
    ['more than one element', () => new BerReader(bytes('04 00')).expectEnd()],
    ['an integer of no octet', () => readInteger(bytes(''))],
    ['an integer of five octets', () => readInteger(bytes('00 80 00 00 00'))],
    ['an empty object identifier', () => readOid(bytes(''))],
    ['an arc cut short', () => readOid(bytes('2b 86'))],
    ['a padded arc', () => readOid(bytes('2b 80 01'))],
    ['an arc of 33 bits', () => readOid(bytes('2b 90 80 80 80 00'))],
    ['129 arcs', () => readOid(Buffer.alloc(128, 1))],
  ];
  for (const [name, read] of cases) t.throws(read, ProtocolError, name);
});

t.test('what is written is read back', async () => {
  const arc = fc.integer({ min: 0, max: 2 ** 32 - 1 });
  const oid = fc
    .tuple(fc.constantFrom([0, 39], [1, 3], [2, 0], [2, 47], [2, 4_000_000]), fc.array(arc, { maxLength: 126 }))
    .map(([first, rest]) => [...first, ...rest]);
  fc.assert(
    fc.property(oid, (name) => readOid(new BerReader(oidElement(name)).expect(tags.oid)).join() === name.join()),
  );
  fc.assert(
    fc.property(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), (value) => {
      return readInteger(new BerReader(integerElement(tags.integer, value)).expect(tags.integer)) === value;
    }),
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 70_000, size: 'max' }), (content) => {
      fc.pre(content.length < 0x1_0000);
      return new BerReader(element(tags.octets, content)).expect(tags.octets).equals(content);
    }),
    { numRuns: 20 },
  );
});
