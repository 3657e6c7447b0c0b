import t from 'tap';
import * as l from '../../../lib/protocols/ipp/lookup.js';
import * as v from '../../../lib/protocols/ipp/values.js';

const at = Date.UTC(2026, 10, 22, 7, 0, 0);
const operation = v.group(
  1,
  v.attribute('text', v.text('a text')),
  v.attribute('name', v.nameWithLanguage('fr', 'un nom')),
  v.attribute('uri', v.uri('ipp://x')),
  v.attribute('number', v.integer(7)),
  v.attribute('enum', v.enumValue(3), v.enumValue(4)),
  v.attribute('flag', v.boolean(false)),
  v.attribute('mixed', v.keyword('all'), v.integer(1), v.name('A4'), v.noValue),
  v.attribute('none', v.noValue),
  v.attribute('when', v.dateTime(at)),
  v.attribute('ranges', v.range(1, 3), v.integer(5), v.range(7, 9)),
  v.attribute('dots', v.resolution(600, 600)),
  v.attribute('octets', v.octets(Uint8Array.of(1, 2))),
  v.attribute('col', v.collection([v.attribute('inner', v.integer(1))]), v.collection([])),
);
const message = {
  version: { major: 2, minor: 0 },
  code: 2,
  requestId: 1,
  groups: [operation, v.group(2, v.attribute('copies', v.integer(2))), v.group(2)],
};

t.test('groups are found by tag, the first of several', async (t) => {
  t.equal(l.operationGroup(message), operation);
  t.equal(l.integerOf(l.findGroup(message, 2), 'copies'), 2);
  t.equal(l.findGroup(message, 4), undefined);
});

t.test('values are read by their syntax', async (t) => {
  t.equal(l.stringOf(operation, 'text'), 'a text');
  t.equal(l.stringOf(operation, 'name'), 'un nom');
  t.equal(l.stringOf(operation, 'uri'), 'ipp://x');
  t.equal(l.integerOf(operation, 'number'), 7);
  t.same(l.integersOf(operation, 'enum'), [3, 4]);
  t.equal(l.booleanOf(operation, 'flag'), false);
  t.same(l.keywordsOf(operation, 'mixed'), ['all', 'A4']);
  t.equal(l.dateTimeOf(operation, 'when'), at);
  t.same(l.rangesOf(operation, 'ranges'), [
    { lower: 1, upper: 3 },
    { lower: 7, upper: 9 },
  ]);
  t.same(l.resolutionOf(operation, 'dots'), { x: 600, y: 600, units: 3 });
  t.same(l.octetsOf(operation, 'octets'), Uint8Array.of(1, 2));
  t.same(l.firstValue(operation, 'none'), { tag: 0x13 });
  const collections = l.collectionsOf(operation, 'col');
  t.equal(collections.length, 2);
  t.equal(l.integerOf({ attributes: collections[0]! }, 'inner'), 1);
});

t.test('what is absent or of another syntax is undefined, or an empty list', async (t) => {
  const one = [l.stringOf, l.integerOf, l.booleanOf, l.dateTimeOf, l.resolutionOf, l.octetsOf, l.firstValue];
  const many = [l.keywordsOf, l.integersOf, l.rangesOf, l.collectionsOf, l.valuesOf];
  for (const read of one) {
    t.equal(read(operation, 'absent'), undefined);
    t.equal(read(undefined, 'text'), undefined);
    if (read !== l.firstValue) t.equal(read(operation, 'none'), undefined);
  }
  for (const read of many) {
    t.same(read(operation, 'absent'), []);
    t.same(read(undefined, 'text'), []);
    if (read !== l.valuesOf) t.same(read(operation, 'none'), []);
  }
  t.equal(l.stringOf(operation, 'number'), undefined);
  t.equal(l.integerOf(operation, 'text'), undefined);
});
