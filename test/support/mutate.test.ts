import t from 'tap';
import { mutations } from './mutate.js';

const corpus = ['first message 12', 'second, longer message'].map((text) => new Uint8Array(Buffer.from(text)));
const hex = (bytes: Iterable<Uint8Array>): string[] => Array.from(bytes, (one) => Buffer.from(one).toString('hex'));

t.test('the same seed gives the same messages, another seed gives others', async (t) => {
  const made = hex(mutations(corpus, { seed: 7, count: 500 }));
  t.equal(made.length, 500);
  t.same(hex(mutations(corpus, { seed: 7, count: 500 })), made);
  t.notSame(hex(mutations(corpus, { seed: 8, count: 500 })), made);
});

t.test('mutations differ from what they were made of and leave it alone', async (t) => {
  const before = hex(corpus);
  const made = hex(mutations(corpus, { seed: 1, count: 1000 }));
  t.ok(new Set(made).size > 700, `${new Set(made).size} of 1000 are distinct`);
  t.same(hex(corpus), before);
});

t.test('no message is longer than asked for', async (t) => {
  for (const bytes of mutations(corpus, { seed: 3, count: 500, longest: 20 }))
    if (bytes.length > 20) t.fail('too long');
});
