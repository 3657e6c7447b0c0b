import t from 'tap';
import { TwoLanes } from '../../lib/status/two-lanes.js';
import { settle } from '../support/fake-clock.js';

const held = () => {
  const ends: (() => void)[] = [];
  const task = () => new Promise<void>((resolve) => ends.push(resolve));
  return { ends, task };
};

t.test('slow tasks hold a quarter of the places and leave the others to quick ones', async (t) => {
  const lanes = new TwoLanes(8);
  const slow = held();
  const quick = held();
  for (let i = 0; i < 100; i += 1) lanes.run('slow', slow.task);
  for (let i = 0; i < 100; i += 1) lanes.run('quick', quick.task);
  t.equal(slow.ends.length, 2);
  t.equal(quick.ends.length, 6);
  slow.ends[0]?.();
  await settle();
  t.equal(slow.ends.length, 3, 'a place that becomes free is given to the next of its lane');
  t.equal(quick.ends.length, 6);
});

t.test('a task that still waits can be taken back', async (t) => {
  const lanes = new TwoLanes(1);
  const first = held();
  const second = held();
  lanes.run('quick', first.task);
  lanes.run('quick', second.task)();
  first.ends[0]?.();
  await settle();
  t.equal(second.ends.length, 0);
});
