import t from 'tap';
import { SourceLimit } from '../../lib/status/source-limit.js';

const admitted = (limit: SourceLimit, { source, tries, now }: { source: string; tries: number; now: number }): number =>
  Array.from({ length: tries }, () => limit.admits(source, now)).filter(Boolean).length;

t.test('a source gets so many requests at once and so many a second', async (t) => {
  const limit = new SourceLimit(10);
  t.equal(admitted(limit, { source: 'a', tries: 50, now: 0 }), 10);
  t.equal(admitted(limit, { source: 'a', tries: 50, now: 500 }), 5);
  t.equal(admitted(limit, { source: 'a', tries: 50, now: 60_000 }), 10, 'tokens do not pile up');
});

t.test('sources do not share', async (t) => {
  const limit = new SourceLimit(3);
  t.equal(admitted(limit, { source: 'a', tries: 9, now: 0 }), 3);
  t.equal(admitted(limit, { source: 'b', tries: 9, now: 0 }), 3);
});

t.test('many sources push out those that were silent, never one that asks', async (t) => {
  const limit = new SourceLimit(1);
  t.ok(limit.admits('busy', 0));
  for (let i = 0; i < 5_000; i += 1) {
    limit.admits(`other ${i}`, 0);
    if (limit.admits('busy', 0)) t.fail(`forgotten after ${i} others`);
  }
});
