import t from 'tap';
import { candidates, type CopyPolicy, judge, lackOf, type Peer } from '../../lib/spool/copies.js';

/** `b:alive c:fenced`. */
const peersOf = (text: string): Peer[] =>
  text
    .split(' ')
    .filter((word) => word !== '')
    .map((word) => {
      const [node = '', state] = word.split(':');
      return { node, address: `http://${node}`, state: state as Peer['state'] };
    });

for (const [minCopies, degradedAccept, peers, copies, verdict] of [
  [2, 'never', 'b:alive c:alive', 2, 'enough'],
  [2, 'never', 'b:fenced c:fenced', 1, 'too-few'],
  [2, 'never', '', 1, 'too-few'],
  [1, 'never', '', 1, 'enough'],
  [2, 'node-lost', 'b:alive c:alive', 1, 'too-few'],
  [2, 'node-lost', 'b:alive c:fenced', 1, 'too-few'],
  [2, 'node-lost', 'b:silent c:fenced', 1, 'too-few'],
  [2, 'node-lost', 'b:silent', 1, 'too-few'],
  [2, 'node-lost', 'b:fenced c:fenced', 1, 'short'],
  [2, 'node-lost', 'b:fenced', 1, 'short'],
  [2, 'node-lost', '', 1, 'short'],
  [3, 'node-lost', 'b:alive c:fenced', 2, 'short'],
  [3, 'node-lost', 'b:alive c:fenced', 1, 'too-few'],
  [3, 'node-lost', 'b:alive c:alive', 2, 'too-few'],
  [3, 'node-lost', 'b:alive c:silent', 2, 'too-few'],
  [3, 'node-lost', 'b:fenced c:fenced', 1, 'short'],
  [2, 'always', 'b:alive c:alive', 1, 'short'],
  [2, 'always', 'b:fenced', 1, 'short'],
  [2, 'always', 'b:alive', 2, 'enough'],
] as readonly [number, CopyPolicy['degradedAccept'], string, number, string][])
  t.test(
    `${copies} of ${minCopies} copies with ${peers || 'no other node'}: ${degradedAccept} says ${verdict}`,
    async (t) => {
      t.equal(judge(copies, { minCopies, degradedAccept }, peersOf(peers)), verdict);
    },
  );

for (const [peers, slow, order] of [
  ['b:alive c:alive', [], 'b c'],
  ['b:silent c:alive', [], 'c b'],
  ['b:fenced c:alive', [], 'c'],
  ['b:alive c:alive', ['b'], 'c b'],
  ['b:silent c:alive d:alive', ['c'], 'd c b'],
] as const)
  t.test(`of ${peers}, ${slow.join()} slow, ${order} are asked`, async (t) => {
    const asked = candidates(peersOf(peers), (node) => (slow as readonly string[]).includes(node));
    t.equal(asked.map(({ node }) => node).join(' '), order);
  });

for (const [holders, minCopies, peers, lack] of [
  ['a b', 2, 'b:alive c:alive', 'nothing'],
  ['a b', 2, 'b:silent c:alive', 'nothing'],
  ['a b', 2, 'b:fenced c:alive', 'lost'],
  ['a b', 2, 'b:fenced', 'nothing'],
  ['a', 2, 'b:alive', 'never-made'],
  ['a', 2, 'b:fenced', 'nothing'],
  ['b c', 2, 'b:fenced c:fenced d:alive', 'lost'],
] as const)
  t.test(`on ${holders}, ${minCopies} wanted, with ${peers}: ${lack}`, async (t) => {
    t.equal(lackOf(holders.split(' '), { node: 'a', minCopies, peers: peersOf(peers) }), lack);
  });
