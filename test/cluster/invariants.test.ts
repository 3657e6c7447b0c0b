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
/** Node 0 is not disturbed: it is the one that must take what is free. */
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

const anything: fc.Arbitrary<Script> = fc.record({
  seed: fc.integer(),
  nodes: fc.array(ownClock, { minLength: 3, maxLength: 4 }),
  faults: fc.array(fault, { minLength: 1, maxLength: 12 }),
  isFirstWell: fc.constant(true),
});

/** Whoever owns something goes away or moves it, and what the others then write may arrive seconds late. */
const lateWrites: fc.Arbitrary<Script> = fc
  .record({
    seed: fc.integer(),
    nodes: fc.array(ownClock, { minLength: 3, maxLength: 3 }),
    rounds: fc.array(fc.record({ node: fc.nat(2), kind: fc.nat(3), for: lasting }), { minLength: 2, maxLength: 4 }),
  })
  .map(({ seed, nodes, rounds }) => ({
    seed,
    nodes,
    isFirstWell: false,
    faults: rounds.flatMap(({ node, kind, for: lasting }, round): Fault[] => {
      const at = 3_000 + round * 9_000;
      const away: Fault = { kind: 'pause', node, at, for: lasting, answersFirst: seed % 2 === 0 };
      const kinds: readonly Fault[] = [
        away,
        { kind: 'crash', node, at, for: lasting },
        { kind: 'cut', node, at, for: lasting },
        { kind: 'move', node, at },
      ];
      const slow = [0, 1, 2].map((one): Fault => ({ kind: 'slow', node: one, at: at + 100, for: 5_000, ms: 3_000 }));
      return [...kinds.slice(kind, kind + 1), ...slow];
    }),
  }));

const examine = (name: string, scripts: fc.Arbitrary<Script>, numRuns: number): void => {
  t.test(name, { timeout: 110_000 }, async (t) => {
    let acts = 0;
    let changes = 0;
    await fc.assert(
      fc.asyncProperty(scripts, async (script) => {
        const world = new ClusterWorld(script);
        await world.run();
        acts += world.acts;
        changes += world.changes;
        if (world.breaches.length > 0) throw new Error(world.breaches.slice(0, 5).join('\n'));
      }),
      { numRuns, endOnFailure: true },
    );
    t.ok(acts > numRuns * 1_000, `${acts} acts were watched`);
    t.ok(changes > numRuns * 2, `${changes} changes of owner were watched`);
  });
};

examine('one node at most acts for a group, epochs grow, and what is free is taken', anything, 20);
examine('writes that arrive late make no second owner', lateWrites, 20);
