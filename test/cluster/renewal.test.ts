import * as fc from 'fast-check';
import t from 'tap';
import {
  atTime,
  confirmed,
  foundRecord,
  lost,
  newLife,
  sending,
  sendTimeOf,
  type Renewal,
} from '../../lib/cluster/renewal.js';
import type { NodeRecord } from '../../lib/model/cluster.js';

const life = newLife({ incarnation: 'a1', revision: 5, fenceAfterMs: 1_800 });
/** A renewal was sent at 1000 and confirmed at 1010. */
const alive = confirmed(sending(life, 1_000), { counter: 0, revision: 6, time: 1_010 });
const record = (change: Partial<NodeRecord>): NodeRecord => ({
  version: 1,
  incarnation: 'a1',
  counter: 1,
  addresses: { peers: '', rest: '' },
  readiness: {},
  ...change,
});

t.test('a confirmation moves the deadline to its send time and fenceAfter', async (t) => {
  t.match(alive, { state: 'live', deadline: 2_800, revision: 6 });
  const next = confirmed(sending(alive, 1_300), { counter: 1, revision: 7, time: 2_799 });
  t.match(next, { state: 'live', deadline: 3_100, leastMargin: 1, revision: 7 });
});

t.test('a confirmation handled after the deadline extends nothing', async (t) => {
  const next = confirmed(sending(alive, 2_700), { counter: 1, revision: 7, time: 2_800 });
  t.match(next, { state: 'lost', deadline: 2_800, because: 'my deadline has passed' });
});

t.test('a first confirmation that comes after its own deadline owns nothing', async (t) => {
  const late = confirmed(sending(life, 1_000), { counter: 0, revision: 6, time: 2_800 });
  t.equal(late.state, 'lost');
});

t.test('an older confirmation moves neither deadline nor revision back', async (t) => {
  const sent = sending(sending(alive, 1_300), 1_700);
  const newer = confirmed(sent, { counter: 2, revision: 9, time: 1_750 });
  const older = confirmed(newer, { counter: 1, revision: 8, time: 1_760 });
  t.match(older, { deadline: 3_500, revision: 9 });
});

const ends: readonly [what: string, found: NodeRecord | undefined, because: string][] = [
  ['my fenced record', record({ fenced: { by: 'b', because: 'silent' } }), 'I was fenced by b'],
  ['another incarnation', record({ incarnation: 'a2' }), 'another incarnation has my name'],
  ['no record', undefined, 'my record is gone from the store'],
];
for (const [what, found, because] of ends)
  t.test(`after a failed compare, ${what} is the end`, async (t) => {
    const after = foundRecord(sending(alive, 1_300), { record: found, revision: 8, time: 1_400 });
    t.match(after, { state: 'lost', because, deadline: 2_800 });
  });

t.test('after a failed compare, a counter of mine counts from its own send time', async (t) => {
  const sent = sending(sending(alive, 1_300), 1_700);
  const after = foundRecord(sent, { record: record({ counter: 1 }), revision: 8, time: 1_800 });
  t.match(after, { state: 'live', deadline: 3_100, revision: 8 });
});

t.test('a counter that was never sent confirms nothing', async (t) => {
  t.equal(foundRecord(alive, { record: record({ counter: 7 }), revision: 8, time: 1_400 }).deadline, 2_800);
});

t.test('the deadline ends the life at its very instant, and for ever', async (t) => {
  t.equal(atTime(alive, 2_799).state, 'live');
  const over = atTime(alive, 2_800);
  t.equal(over.state, 'lost');
  t.equal(atTime(over, 0).state, 'lost');
  t.equal(lost(over, 'something else').because, 'my deadline has passed', 'the first reason stays');
});

t.test('only a record of this life has a send time', async (t) => {
  t.equal(sendTimeOf(alive, record({ counter: 0 })), 1_000);
  t.equal(sendTimeOf(alive, record({ counter: 0, incarnation: 'a0' })), undefined);
  t.equal(sendTimeOf(alive, record({ counter: 0, fenced: { by: 'b', because: 'silent' } })), undefined);
});

t.test(
  'whatever comes, the deadline is never later than the last send and fenceAfter, and a lost life stays lost',
  async () => {
    const step = fc.record({
      what: fc.constantFrom('send', 'confirm', 'found', 'tick'),
      after: fc.integer({ min: 0, max: 900 }),
      counter: fc.integer({ min: 0, max: 8 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        let renewal: Renewal = life;
        let time = 0;
        let lastSent = Number.NEGATIVE_INFINITY;
        for (const { what, after, counter } of steps) {
          time += after;
          const wasLost = renewal.state === 'lost';
          const { deadline } = renewal;
          if (what === 'send') {
            renewal = sending(renewal, time);
            lastSent = time;
          }
          if (what === 'confirm') renewal = confirmed(renewal, { counter, revision: time, time });
          if (what === 'found') renewal = foundRecord(renewal, { record: record({ counter }), revision: time, time });
          if (what === 'tick') renewal = atTime(renewal, time);
          if (wasLost && (renewal.state !== 'lost' || renewal.deadline !== deadline)) return false;
          if (renewal.deadline > lastSent + 1_800) return false;
          if (renewal.deadline > deadline && Number.isFinite(deadline) && time >= deadline) return false;
        }
        return true;
      }),
    );
  },
);
