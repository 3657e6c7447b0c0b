import t from 'tap';
import { LocalGroups } from '../../lib/cluster/local-groups.js';
import { OwnerWrites } from '../../lib/cluster/owner-writes.js';
import { defaultTiming } from '../../lib/cluster/timing.js';
import { PlatenError } from '../../lib/errors.js';
import type { OwnerRecord } from '../../lib/model/ownership.js';
import { silentLog } from '../../lib/platform/log.js';
import { keys } from '../../lib/store/keys.js';
import { FakeClock } from '../support/fake-clock.js';
import { FaultyStore, noFaults } from '../support/faulty-store.js';
import { MemoryStore } from '../support/memory-store.js';

const node = { version: 1, incarnation: 'b1', counter: 4, addresses: { peers: '', rest: '' }, readiness: {} } as const;
const owner: OwnerRecord = { version: 1, node: 'a', incarnation: 'a1', epoch: 3 };

const desk = (check: () => void = () => {}) => {
  const store = new MemoryStore();
  const clock = new FakeClock();
  const way = new FaultyStore({ inner: store, clock });
  const local = new LocalGroups();
  const memory = { check, remember: () => Promise.resolve() };
  const parts = { store: way, clock, log: silentLog, timing: defaultTiming, node: 'a', memory, local };
  const writes = new OwnerWrites({ ...parts, onChange: () => {} });
  store.commit([], [{ put: keys.node('b'), value: node }]);
  return { store, clock, way, local, writes };
};

t.test('a fence is written over exactly the revision that was timed', async (t) => {
  const { store, clock, writes } = desk();
  void writes.fence({ do: 'fence', node: 'b', revision: 1, record: node, because: 'silent' });
  await clock.advance(200);
  t.match(store.entry(keys.node('b'))?.value, { incarnation: 'b1', fenced: { by: 'a', because: 'silent' } });
  store.commit([], [{ put: keys.node('b'), value: { ...node, counter: 5 } }]);
  void writes.fence({ do: 'fence', node: 'b', revision: 2, record: node, because: 'silent' });
  await clock.advance(200);
  t.match(store.entry(keys.node('b'))?.value, { counter: 5, fenced: undefined }, 'a renewal came first');
});

t.test('a claim is written over exactly the revision that was seen free', async (t) => {
  const { store, clock, local, writes } = desk();
  store.commit([], [{ put: keys.owner('sales'), value: { ...owner, node: 'c', epoch: 3 } as never }]);
  void writes.putOwner({ do: 'claim', group: 'sales', revision: 0, record: owner });
  await clock.advance(200);
  t.match(store.entry(keys.owner('sales'))?.value, { node: 'c' });
  t.match(local.get('sales').write, { kind: 'claim', outcome: 'done' });
  void writes.putOwner({ do: 'claim', group: 'sales', revision: 2, record: { ...owner, epoch: 4 } });
  await clock.advance(200);
  t.match(store.entry(keys.owner('sales'))?.value, { node: 'a', epoch: 4 });
});

const outcomes = [
  { kind: 'hand-over', after: { kind: 'hand-over', outcome: 'unknown' } },
  { kind: 'release', after: { kind: 'release', outcome: 'unknown' } },
  { kind: 'settle', after: { kind: 'settle', outcome: 'unknown' } },
  { kind: 'claim', after: undefined },
] as const;
for (const { kind, after } of outcomes)
  t.test(`a ${kind} without an answer ${after === undefined ? 'may be repeated' : 'is unknown'}`, async (t) => {
    const { clock, way, local, writes } = desk();
    way.faults = { ...noFaults, losesAnswer: () => true };
    void writes.putOwner({ do: kind, group: 'sales', revision: 0, record: owner });
    await clock.advance(700);
    t.match(local.get('sales').write, { kind, outcome: 'sent' });
    await clock.advance(400);
    t.match(local.get('sales').write, after);
    t.equal(local.get('sales').write?.outcome, after?.outcome);
  });

t.test('a write is not begun twice', async (t) => {
  const { store, clock, way, writes } = desk();
  way.faults = { ...noFaults, request: () => 300 };
  const before = store.revision;
  void writes.putOwner({ do: 'settle', group: 'sales', revision: 0, record: owner });
  void writes.putOwner({ do: 'settle', group: 'sales', revision: 0, record: owner });
  await clock.advance(1_000);
  t.equal(store.revision, before + 1);
});

t.test('a group whose epoch the store has forgotten is not claimed', async (t) => {
  const { store, clock, writes } = desk(() => {
    throw new PlatenError('store-restored');
  });
  void writes.putOwner({ do: 'claim', group: 'sales', revision: 0, record: owner });
  await clock.advance(5_000);
  t.equal(store.entry(keys.owner('sales')), undefined);
});
