import t from 'tap';
import { candidatesFor } from '../../lib/cluster/candidates.js';
import { arrived, nothingObserved, type Change, type Observed, type Part } from '../../lib/cluster/observed.js';
import { Placement } from '../../lib/cluster/placement.js';
import { confirmed, newLife, sending } from '../../lib/cluster/renewal.js';
import { defaultTiming } from '../../lib/cluster/timing.js';
import { freedomOf, type View } from '../../lib/cluster/view.js';

const renewal = confirmed(sending(newLife({ incarnation: 'a1', revision: 0, fenceAfterMs: 1_800 }), 9_900), {
  counter: 0,
  revision: 10,
  time: 9_910,
});
const record = (incarnation: string, change: object = {}) => ({
  version: 1,
  incarnation,
  counter: 0,
  addresses: { peers: '', rest: '' },
  readiness: {},
  ...change,
});
const viewOf = (changes: readonly (readonly [Part, Change])[]): View => {
  const observed = changes.reduce(
    (sum: Observed, [part, change]) => arrived(sum, part, change, 9_950),
    nothingObserved,
  );
  const placement = new Map([['sales', new Placement().order('sales', observed.nodes.keys())]]);
  const base = { time: 10_000, wall: 0, hour: 12, me: 'a', timing: defaultTiming, local: new Map(), stopping: false };
  return { ...base, renewal, observed, placement };
};
const put = (part: Part, name: string, revision: number, value: unknown): readonly [Part, Change] => [
  part,
  { name, revision, record: value },
];
const self = put('nodes', 'a', 10, record('a1'));
const owned = (revision: number, incarnation: string, change: object = {}) =>
  put('owners', 'sales', revision, { version: 1, node: 'b', incarnation, epoch: 1, ...change });

const freedoms: readonly [what: string, changes: readonly (readonly [Part, Change])[], because: string | undefined][] =
  [
    ['its owner lives', [put('nodes', 'b', 5, record('b1')), owned(8, 'b1'), self], undefined],
    [
      'its owner is fenced',
      [put('nodes', 'b', 5, record('b1', { fenced: { by: 'c', because: '' } })), owned(8, 'b1'), self],
      "b's incarnation is fenced",
    ],
    [
      'its owner has a newer incarnation',
      [put('nodes', 'b', 5, record('b2')), owned(8, 'b1'), self],
      "b's incarnation is over",
    ],
    ['its owner is no node any more', [owned(8, 'b1'), self], 'b is no node any more'],
    [
      'it is released',
      [put('nodes', 'b', 5, record('b1')), owned(8, 'b1', { released: true }), self],
      'b has released sales',
    ],
    ['it has no owner record', [self], 'sales was never owned'],
    [
      'its owner record is newer than what is known of nodes: a new incarnation may have claimed it',
      [put('nodes', 'b', 5, record('b1')), self, owned(12, 'b2')],
      undefined,
    ],
  ];
for (const [what, changes, because] of freedoms)
  t.test(`${because === undefined ? 'a group is not free' : 'a group is free'} when ${what}`, async (t) => {
    t.equal(freedomOf(viewOf(changes), 'sales')?.because, because);
  });

t.test('candidates are preferred owners first, then the order of consistent hashing', async (t) => {
  const nodes = ['b', 'c', 'd'].map((name, index) => put('nodes', name, index + 1, record(`${name}1`)));
  const view = viewOf([
    ...nodes,
    self,
    put('groups', 'sales', 9, { version: 1, name: 'sales', preferredOwners: ['c'] }),
  ]);
  const order = view.placement.get('sales') ?? [];
  t.same(candidatesFor(view, 'sales'), ['c', ...order.filter((name) => name !== 'c')]);
  t.equal(order.length, 4);
});

const unfit: readonly [why: string, change: object][] = [
  ['a witness', { readiness: { witness: true } }],
  ['fenced', { fenced: { by: 'c', because: '' } }],
  ['not ready', { readiness: { none: 'its spool failed' } }],
  ['not ready for this group', { readiness: { except: { sales: 'a driver is missing' } } }],
];
for (const [why, change] of unfit)
  t.test(`a node that is ${why} is no candidate`, async (t) => {
    const group = put('groups', 'sales', 9, { version: 1, name: 'sales', preferredOwners: ['b', 'a'] });
    t.same(candidatesFor(viewOf([put('nodes', 'b', 5, record('b1', change)), self, group]), 'sales'), ['a']);
  });

t.test('placement spreads groups evenly, and a node that goes moves only its own', async (t) => {
  const placement = new Placement();
  const groups = Array.from({ length: 3_000 }, (_, index) => `group-${index}`);
  const four = groups.map((group) => placement.order(group, ['a', 'b', 'c', 'd'])[0]);
  for (const name of ['a', 'b', 'c', 'd']) {
    const share = four.filter((first) => first === name).length;
    t.ok(share > 450 && share < 1_050, `${name} has ${share}`);
  }
  const three = groups.map((group) => placement.order(group, ['a', 'b', 'c'])[0]);
  const moved = groups.filter((_, index) => four[index] !== 'd' && four[index] !== three[index]);
  t.same(moved, [], 'the others stay where they are');
});
