import * as fc from 'fast-check';
import t from 'tap';
import type { Oid } from '../../lib/protocols/snmp/ber.js';
import { compareOids, MibView, parseOid, scalar, type Column } from '../../lib/status/mib-view.js';

const column = (object: string, indexes: readonly number[], tail: Oid = []): Column => ({
  prefix: parseOid(object),
  count: indexes.length,
  suffix: (position) => [indexes[position] ?? 0, ...tail],
  value: (position) => ({ type: 'integer', value: indexes[position] ?? 0 }),
});

const view = new MibView([
  column('1.3.6.9.2', [1, 4]),
  scalar('1.3.6.1', () => ({ type: 'integer', value: 42 })),
  column('1.3.6.9.10', [], [1]),
  column('1.3.6.9.3', [1, 4], [1]),
]);

t.test('one instance is found by its name only', async (t) => {
  const cases: readonly [string, string][] = [
    ['1.3.6.1.0', 'integer'],
    ['1.3.6.1', 'noSuchInstance'],
    ['1.3.6.1.1', 'noSuchInstance'],
    ['1.3.6.1.0.0', 'noSuchInstance'],
    ['1.3.6.9.2.4', 'integer'],
    ['1.3.6.9.2.2', 'noSuchInstance'],
    ['1.3.6.9.3.4.1', 'integer'],
    ['1.3.6.9.3.4', 'noSuchInstance'],
    ['1.3.6.9.10.1.1', 'noSuchInstance'],
    ['1.3.6.9', 'noSuchObject'],
    ['2.999', 'noSuchObject'],
  ];
  for (const [name, type] of cases) t.equal(view.get(parseOid(name)).type, type, name);
});

t.test('the next instance is the first after any name', async (t) => {
  const cases: readonly [string, string | undefined][] = [
    ['0.0', '1.3.6.1.0'],
    ['1.3.6.1', '1.3.6.1.0'],
    ['1.3.6.1.0', '1.3.6.9.2.1'],
    ['1.3.6.9.2.1', '1.3.6.9.2.4'],
    ['1.3.6.9.2.1.7', '1.3.6.9.2.4'],
    ['1.3.6.9.2.4', '1.3.6.9.3.1.1'],
    ['1.3.6.9.3.1', '1.3.6.9.3.1.1'],
    ['1.3.6.9.3.4.1', undefined],
    ['2.999', undefined],
  ];
  for (const [name, next] of cases) t.equal(view.next(parseOid(name))?.name.join('.'), next, name);
});

t.test('a walk meets each instance once, in order', async () => {
  const indexes = fc.uniqueArray(fc.integer({ min: 0, max: 2 ** 32 - 1 }), { maxLength: 12 });
  const objects = fc.uniqueArray(fc.integer({ min: 0, max: 300 }), { maxLength: 8 });
  fc.assert(
    fc.property(objects, indexes, (numbers, rows) => {
      const sorted = rows.toSorted((a, b) => a - b);
      const walked = new MibView(numbers.map((number) => column(`1.3.${number}`, sorted)));
      const seen: Oid[] = [];
      for (let at = walked.next([0, 0]); at !== undefined; at = walked.next(at.name)) seen.push(at.name);
      const expected = numbers.flatMap((number) => rows.map((row) => [1, 3, number, row])).sort(compareOids);
      return JSON.stringify(seen) === JSON.stringify(expected);
    }),
  );
});
