import t from 'tap';
import { Executor } from '../../lib/cluster/executor.js';
import { LocalGroups } from '../../lib/cluster/local-groups.js';
import { OwnerWrites } from '../../lib/cluster/owner-writes.js';
import { Ownership } from '../../lib/cluster/ownership.js';
import { confirmed, newLife, sending } from '../../lib/cluster/renewal.js';
import { defaultTiming } from '../../lib/cluster/timing.js';
import { PlatenError } from '../../lib/errors.js';
import { type Log, silentLog } from '../../lib/platform/log.js';
import { LabResources, salesResources } from '../support/cluster-lab.js';
import { FakeClock } from '../support/fake-clock.js';
import { MemoryStore } from '../support/memory-store.js';

const first = sending(newLife({ incarnation: 'a1', revision: 0, fenceAfterMs: 1_800 }), 0);
const renewal = confirmed(first, { counter: 0, revision: 1, time: 0 });
const names = ['address', 'name', 'spooler'];
const online = (group: string) => ({ do: 'online', group, resources: names, epoch: 1, revision: 5 }) as const;
const offline = (group: string) => ({ do: 'offline', group, resources: names.toReversed() }) as const;

const desk = (
  remember: (group: string, epoch: number) => Promise<void> = () => Promise.resolve(),
  { log = silentLog, beginLife = () => Promise.resolve() }: { log?: Log; beginLife?: () => Promise<void> } = {},
) => {
  const clock = new FakeClock();
  const local = new LocalGroups();
  const resources = new LabResources();
  const memory = { check: () => {}, remember };
  const ownership = new Ownership({ node: 'a', clock, renewal: () => renewal });
  const onChange = (): void => {};
  const base = { clock, log, local, memory, onChange };
  const writes = new OwnerWrites({ ...base, store: new MemoryStore(), timing: defaultTiming, node: 'a' });
  const executor = new Executor({
    ...base,
    writes,
    ownership,
    resources,
    describe: (_, name) => salesResources.find((each) => each.name === name),
    beginLife,
    onStep: () => {},
  });
  const states = (group: string) => names.map((name) => local.resource(group, name).state).join(' ');
  return { clock, local, resources, ownership, executor, states };
};

t.test('resources come online one after the other, once', async (t) => {
  const { clock, resources, executor, states } = desk();
  resources.delay = () => clock.sleep(100);
  executor.carryOut(online('sales'));
  executor.carryOut(online('sales'));
  await clock.advance(50);
  t.equal(states('sales'), 'online-pending offline offline');
  await clock.advance(100);
  t.equal(states('sales'), 'online online-pending offline');
  await clock.advance(300);
  t.equal(states('sales'), 'online online online');
  t.same(resources.log, ['online sales/address', 'online sales/name', 'online sales/spooler']);
});

t.test('what fails stops those that need it', async (t) => {
  const { clock, local, resources, executor, states } = desk();
  resources.broken.add('sales/name');
  executor.carryOut(online('sales'));
  await clock.advance(10);
  t.equal(states('sales'), 'online failed offline');
  t.same(local.resource('sales', 'name').failedAt, [0]);
});

t.test('nothing more comes online once the deadline has passed', async (t) => {
  const { clock, resources, executor, states } = desk();
  resources.delay = () => clock.sleep(1_000);
  executor.carryOut(online('sales'));
  await clock.advance(5_000);
  t.equal(states('sales'), 'online online-pending offline');
  t.same(resources.log, ['online sales/address', 'online sales/name'], 'the spooler was not begun');
});

t.test('going offline ends what is coming online, and waits for it', async (t) => {
  const { clock, resources, executor, states } = desk();
  resources.delay = () => clock.sleep(100);
  executor.carryOut(online('sales'));
  await clock.advance(50);
  executor.carryOut(offline('sales'));
  await clock.advance(1_000);
  t.equal(states('sales'), 'offline offline offline');
  t.same(resources.log, [
    'online sales/address',
    'offline sales/spooler',
    'offline sales/name',
    'offline sales/address',
  ]);
  t.equal(resources.up.size, 0);
});

t.test('a spooler that is still coming online is held as soon as it is there', async (t) => {
  const { clock, local, resources, executor } = desk();
  resources.delay = () => clock.sleep(100);
  executor.carryOut(online('sales'));
  await clock.advance(50);
  executor.carryOut({ do: 'hold', group: 'sales' });
  await clock.advance(100);
  t.equal(local.get('sales').heldSince, undefined, 'nothing is held yet');
  await clock.advance(200);
  t.same(resources.log.slice(-2), ['online sales/spooler', 'hold sales']);
});

t.test('a group is resumed when its closing has ended, not meanwhile', async (t) => {
  const { clock, local, resources, executor } = desk();
  executor.carryOut(online('sales'));
  executor.carryOut({ do: 'hold', group: 'sales' });
  await clock.advance(10);
  resources.close = async (group) => {
    await clock.sleep(30);
    resources.log.push(`closed ${group}`);
  };
  executor.carryOut({ do: 'close', group: 'sales' });
  executor.carryOut({ do: 'resume', group: 'sales' });
  await clock.advance(100);
  t.same(resources.log.slice(-2), ['hold sales', 'closed sales']);
  t.type(local.get('sales').heldSince, 'number', 'the next look sees that it is still to be resumed');
  executor.carryOut({ do: 'resume', group: 'sales' });
  await clock.advance(10);
  t.same(resources.log.slice(-2), ['closed sales', 'resume sales']);
  t.match(local.get('sales'), { heldSince: undefined, closedSince: undefined });
});

t.test('what cannot be taken offline stays as it was, and may be asked again', async (t) => {
  const { clock, resources, executor, states } = desk();
  executor.carryOut(online('sales'));
  await clock.advance(10);
  resources.delay = () => Promise.reject(new Error('busy'));
  executor.carryOut(offline('sales'));
  await clock.advance(200);
  t.equal(states('sales'), 'online online online');
  resources.delay = () => Promise.resolve();
  executor.carryOut(offline('sales'));
  await clock.advance(10);
  t.equal(states('sales'), 'offline offline offline');
});

t.test('a hand-over ends the tenure before it is sent', async (t) => {
  const { clock, ownership, executor } = desk();
  executor.carryOut(online('sales'));
  await clock.advance(10);
  t.ok(ownership.holds('sales', 1));
  const record = { version: 1, node: 'b', incarnation: 'b1', epoch: 2 } as const;
  executor.carryOut({ do: 'hand-over', group: 'sales', revision: 5, record });
  t.notOk(ownership.holds('sales', 1));
});

t.test('epochs are remembered one at a time, before the address is up', async (t) => {
  let running = 0;
  const remembered: string[] = [];
  const { clock, resources, executor } = desk(async (group) => {
    running += 1;
    t.equal(running, 1);
    t.same(
      resources.log.filter((line) => line.includes(group)),
      [],
    );
    await clock.sleep(50);
    running -= 1;
    remembered.push(group);
  });
  executor.carryOut(online('sales'));
  executor.carryOut(online('stock'));
  await clock.advance(500);
  t.same(remembered, ['sales', 'stock']);
  t.equal(resources.up.size, 6);
});

t.test('a store that does not answer is said once, without a stack, however often it is tried', async (t) => {
  const said: [object, string][] = [];
  let tries = 0;
  const beginLife = (): Promise<void> => {
    tries += 1;
    return tries < 10
      ? Promise.reject(new PlatenError('store-unreachable', 'etcd does not answer'))
      : Promise.resolve();
  };
  const log: Log = { ...silentLog, warn: (fields, message) => void said.push([fields, message]) };
  const { clock, executor } = desk(undefined, { log, beginLife });
  for (let i = 0; i < 12; i += 1) {
    executor.carryOut({ do: 'begin-life' });
    await clock.advance(150);
  }
  t.ok(tries >= 10);
  t.same(said, [[{ because: 'etcd does not answer' }, 'begin-life failed; it is tried again']]);
});
