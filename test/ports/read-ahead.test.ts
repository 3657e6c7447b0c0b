import t from 'tap';
import { ReadAhead } from '../../lib/ports/read-ahead.js';

const chunks = [Buffer.from('one'), Buffer.from('two'), Buffer.from('three')];

/** Gives the chunks, notes how far it was asked, and whether it was told that nobody wants more. */
const source = (failsAt = Infinity) => {
  const seen = { asked: 0, left: false };
  const iterable: AsyncIterable<Uint8Array> = {
    [Symbol.asyncIterator]: () => ({
      next: async () => {
        const value = chunks[seen.asked];
        seen.asked += 1;
        if (seen.asked > failsAt) throw new Error('the disk is gone');
        return value === undefined ? { done: true, value: undefined } : { done: false, value };
      },
      return: async () => {
        seen.left = true;
        return { done: true, value: undefined };
      },
    }),
  };
  return { seen, iterable };
};

t.test('the first chunk is asked for at once, each further one when the one before is taken', async (t) => {
  const { seen, iterable } = source();
  const ahead = new ReadAhead(iterable);
  t.equal(seen.asked, 1);
  t.same(await ahead.next(), { done: false, value: chunks[0] });
  t.equal(seen.asked, 2);
});

t.test('all chunks come in their order, then the end, which is not asked for twice', async (t) => {
  const { seen, iterable } = source();
  const ahead = new ReadAhead(iterable);
  for (const value of chunks) t.same(await ahead.next(), { done: false, value });
  t.equal((await ahead.next()).done, true);
  t.equal((await ahead.next()).done, true);
  t.equal(seen.asked, 4);
  ahead.leave();
  t.equal(seen.left, false, 'a source that has ended is not told so');
});

t.test('what the source throws comes to whoever asks, and hurts nobody who does not', async (t) => {
  const { iterable } = source(1);
  const ahead = new ReadAhead(iterable);
  await ahead.next();
  // An unhandled rejection would end the process here.
  await new Promise((resolve) => setImmediate(resolve));
  await t.rejects(ahead.next(), { message: 'the disk is gone' });
});

t.test('a source that is left half way is told', async (t) => {
  const { seen, iterable } = source();
  const ahead = new ReadAhead(iterable);
  await ahead.next();
  ahead.leave();
  t.equal(seen.left, true);
});
