// INV5, INV6, INV7 over simulated clusters: random delays, losses, partitions, crashes, pauses, and clocks that differ.

import * as fc from 'fast-check';
import t from 'tap';
import { ClusterWorld, type Fault, type Script } from '../support/cluster-world.js';

const at = fc.integer({ min: 2_000, max: 20_000 });
const lasting = fc.oneof(
  fc.integer({ min: 100, max: 1_500 }),
  fc.integer({ min: 1_500, max: 3_200 }),
  fc.integer({ min: 3_000, max: 8_000 }),
);
/** Node 0 is never disturbed: it is the one that must take what is free. */
const node = fc.integer({ min: 1, max: 3 });

const fault: fc.Arbitrary<Fault> = fc.oneof(
  fc.record({ kind: fc.constant('cut'), node, at, for: lasting }),
  fc.record({ kind: fc.constant('pause'), node, at, for: lasting, answersFirst: fc.boolean() }),
  fc.record({ kind: fc.constant('crash'), node, at, for: lasting }),
  fc.record({ kind: fc.constant('slow'), node, at, for: lasting, ms: fc.integer({ min: 100, max: 4_000 }) }),
  fc.record({ kind: fc.constant('lossy'), node, at, for: lasting }),
  fc.record({ kind: fc.constant('deaf'), node, at, for: lasting }),
  fc.record({ kind: fc.constant('move'), node: fc.integer({ min: 0, max: 3 }), at }),
  fc.record({ kind: fc.constant('compact'), at }),
) as fc.Arbitrary<Fault>;

const ownClock = fc.record({
  offset: fc.integer({ min: 0, max: 10_000_000 }),
  rate: fc.double({ min: 0.99, max: 1.01, noNaN: true }),
});

const script: fc.Arbitrary<Script> = fc.record({
  seed: fc.integer(),
  nodes: fc.array(ownClock, { minLength: 3, maxLength: 4 }),
  faults: fc.array(fault, { minLength: 1, maxLength: 12 }),
});

t.test('one node at most acts for a group, epochs grow, and what is free is taken', { timeout: 220_000 }, async (t) => {
  let acts = 0;
  let changes = 0;
  await fc.assert(
    fc.asyncProperty(script, async (script) => {
      const world = new ClusterWorld(script);
      await world.run();
      acts += world.acts;
      changes += world.changes;
      if (world.breaches.length > 0) throw new Error(world.breaches.slice(0, 5).join('\n'));
    }),
    { numRuns: 25, endOnFailure: true },
  );
  t.ok(acts > 20_000, `${acts} acts were watched`);
  t.ok(changes > 50, `${changes} changes of owner were watched`);
});
