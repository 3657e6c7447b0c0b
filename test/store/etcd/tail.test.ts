import * as fc from 'fast-check';
import assert from 'node:assert/strict';
import t from 'tap';
import { type Sight, tailOf } from '../../../lib/store/etcd/tail.js';
import type { Stretch } from '../../../lib/store/etcd/wire.js';

/** Looks at a sorted list. */
const over = (keys: readonly Buffer[]) => {
  const looked = { times: 0 };
  const inside = ({ low, high }: Stretch) =>
    keys.filter((key) => key.compare(low) >= 0 && (high === undefined || key.compare(high) < 0));
  const look = async (part: Stretch): Promise<Sight> => {
    looked.times += 1;
    const found = inside(part);
    return { count: found.length, first: found[0] };
  };
  return { inside, look, looked };
};

const sorted = (texts: Iterable<string>): Buffer[] =>
  [...new Set(texts)].map((text) => Buffer.from(text)).toSorted((a, b) => a.compare(b));

t.test('of many ids the last ones are found in few looks', async (t) => {
  const keys = sorted(Array.from({ length: 20_000 }, (_, i) => `/done/sales/${String(i).padStart(10, '0')}`));
  const cases: [string, number][] = [
    ['/done/sales0', 20],
    ['/done/sales0', 1_000],
    ['/done/sales/0000012345', 20],
    ['/done/sales/0000000300', 20],
  ];
  for (const [high, wanted] of cases) {
    const whole = { low: Buffer.from('/done/sales/'), high: Buffer.from(high) };
    const { inside, look, looked } = over(keys);
    const tail = inside(await tailOf(whole, wanted, look));
    t.ok(tail.length >= wanted && tail.length <= 2 * wanted + 64, `${tail.length} keys`);
    t.strictSame(tail.at(-1), inside(whole).at(-1));
    t.ok(looked.times <= 40, `${looked.times} looks`);
  }
});

t.test('a short stretch is left whole', async (t) => {
  const whole = { low: Buffer.from('a'), high: undefined };
  const { look } = over(sorted(Array.from({ length: 84 }, (_, i) => `a${i}`)));
  t.equal(await tailOf(whole, 10, look), whole);
});

t.test('whatever the keys: the tail has enough of them and not too many', async () => {
  const key = fc.array(fc.constantFrom('a', 'b', '/', '\0', '0', '9', '~', 'ü', '\uffff', '😀'), {
    minLength: 1,
    maxLength: 5,
  });
  const keys = fc.array(
    key.map((parts) => parts.join('')),
    { minLength: 100, maxLength: 400 },
  );
  await fc.assert(
    fc.asyncProperty(
      keys,
      fc.integer({ min: 1, max: 30 }),
      fc.option(key, { nil: undefined }),
      async (texts, wanted, high) => {
        const whole = { low: Buffer.from('\0'), high: high && Buffer.from(high.join('')) };
        const { inside, look } = over(sorted(texts));
        const all = inside(whole);
        const tail = inside(await tailOf(whole, wanted, look));
        assert.deepEqual(tail, tail.length === 0 ? [] : all.slice(-tail.length));
        assert.ok(tail.length >= Math.min(wanted, all.length) && tail.length <= 2 * wanted + 64);
      },
    ),
  );
});
