import t from 'tap';
import { loopbackRule } from '../../lib/cluster/loopback-addresses.js';
import { Operations } from '../../lib/cluster/operations.js';
import type { View } from '../../lib/cluster/view.js';
import type { ErrorCode } from '../../lib/errors.js';
import { keys } from '../../lib/store/keys.js';
import type { Change, Compare, TxnResult } from '../../lib/store/store.js';
import { ClusterLab } from '../support/cluster-lab.js';
import { FakeClock } from '../support/fake-clock.js';
import { MemoryStore } from '../support/memory-store.js';

/** Lets a test hold writes back, so that both sides have read before either writes. */
class GatedStore extends MemoryStore {
  gate: Promise<void> = Promise.resolve();
  waiting = 0;

  override async txn(compares: readonly Compare[], changes: readonly Change[]): Promise<TxnResult> {
    this.waiting += 1;
    await this.gate;
    this.waiting -= 1;
    return super.txn(compares, changes);
  }
}

const desk = (store = new GatedStore()) => {
  const view = (): View => {
    throw new Error('nothing here needs a view');
  };
  return { store, operations: new Operations({ store, view, addressRule: loopbackRule }) };
};

const nodeRecord = (peers = 'http://127.0.0.101:8632') => ({
  version: 1,
  incarnation: 'x',
  counter: 1,
  addresses: { peers, rest: 'http://127.0.0.101:8630' },
  readiness: {},
});

const addNodes = (store: MemoryStore, ...names: readonly string[]): void => {
  for (const name of names) store.commit([], [{ put: keys.node(name), value: nodeRecord() }]);
};

const sales = { name: 'sales', addresses: ['127.0.0.21'], networkName: 'Print-Sales' };

/** Both go on only when both have read what they decide upon. */
const atOnce = async (store: GatedStore, ...acts: readonly (() => Promise<unknown>)[]) => {
  let open = (): void => {};
  store.gate = new Promise((resolve) => (open = resolve));
  const running = Promise.allSettled(acts.map((act) => act()));
  while (store.waiting < acts.length) await new Promise((resolve) => setImmediate(resolve));
  open();
  return (await running).map((each) =>
    each.status === 'fulfilled' ? 'done' : ((each.reason as { code?: ErrorCode }).code ?? 'broken'),
  );
};

t.test('a group is made with its addresses, its name and one print spooler', async (t) => {
  const { store, operations } = desk();
  const made = await operations.createGroup({
    ...sales,
    addresses: ['127.0.0.21', '0:0:0:0:0:0:0:1'],
    aliases: ['OldServer'],
    services: { ipp: { port: 8631 }, snmp: { community: 'public', allowFrom: ['127.0.0.0/8'] } },
  });
  t.match(made.resources, [
    { name: 'address', kind: 'ip-address', value: '127.0.0.21', wanted: 'online' },
    { name: 'address-2', kind: 'ip-address', value: '::1' },
    { name: 'name', kind: 'network-name', value: 'print-sales' },
    { name: 'spooler', kind: 'print-spooler' },
  ]);
  t.match(made, {
    aliases: ['oldserver'],
    services: {
      ipp: { port: 8631, operatorsFrom: [] },
      lpd: { ports: [515] },
      snmp: { community: 'public', port: 161 },
    },
  });
  t.same(store.entry(keys.address('::1'))?.value, { version: 1, group: 'sales' });
  t.same(await operations.groups(), [made]);
});

t.test('what is not said of a group stays, and null brings the default back', async (t) => {
  const { store, operations } = desk();
  addNodes(store, 'a', 'b');
  await operations.createGroup({ ...sales, possibleOwners: ['a', 'b'], jobCompletionTimeoutMs: 5_000 });
  const changed = await operations.changeGroup('sales', {
    preferredOwners: ['b'],
    jobCompletionTimeoutMs: null,
    failback: { policy: 'hours', from: 22, to: 5 },
    services: { lpd: { ports: [8515] }, snmp: { community: 'x', allowFrom: ['::1'] } },
  });
  t.match(changed, { possibleOwners: ['a', 'b'], preferredOwners: ['b'], services: { lpd: { ports: [8515] } } });
  t.equal(changed.jobCompletionTimeoutMs, undefined);
  const silent = await operations.changeGroup('sales', { services: { snmp: { community: null } } });
  t.same(silent.services?.snmp, { port: 161, allowFrom: ['::1'] });
  t.equal(desk().store.revision, 0);
});

t.test('what cannot be is refused with its reason, and the store is as it was', async (t) => {
  const { store, operations } = desk();
  addNodes(store, 'a', 'b', 'c');
  await operations.createGroup({ ...sales, possibleOwners: ['a', 'b'] });
  await operations.createGroup({ name: 'stock', addresses: ['127.0.0.22'], networkName: 'stock' });
  store.commit([], [{ put: keys.printer('stock', 'demo'), value: { version: 1 } }]);
  const { revision } = store;
  const spooler = { name: 'second', kind: 'print-spooler' } as const;
  const cases: readonly [string, () => Promise<unknown>, ErrorCode, RegExp][] = [
    ['a name', () => operations.createGroup({ ...sales, name: '../x' }), 'bad-request', /a name is/],
    ['twice', () => operations.createGroup({ ...sales, addresses: ['127.0.0.30'] }), 'group-exists', /sales/],
    [
      'an address',
      () => operations.createGroup({ ...sales, name: 'x', networkName: 'x' }),
      'group-refused',
      /127\.0\.0\.21 belongs to group sales/,
    ],
    [
      'its name',
      () => operations.createGroup({ ...sales, name: 'x', addresses: ['127.0.0.31'] }),
      'group-refused',
      /print-sales belongs to group sales/,
    ],
    [
      'an alias',
      () => operations.changeGroup('stock', { aliases: ['PRINT-sales'] }),
      'group-refused',
      /belongs to group sales/,
    ],
    [
      'abroad',
      () => operations.createGroup({ name: 'x', addresses: ['192.0.2.1'] }),
      'group-refused',
      /back end "loopback"/,
    ],
    [
      'no address',
      () => operations.createGroup({ name: 'x', addresses: ['printhost'] }),
      'group-refused',
      /no IP address/,
    ],
    ['none', () => operations.createGroup({ name: 'x', addresses: [] }), 'bad-request', /needs an address/],
    [
      'a host',
      () => operations.createGroup({ name: 'x', addresses: ['::1'], networkName: 'a b' }),
      'bad-request',
      /DNS name/,
    ],
    ['a second spooler', () => operations.addResource('sales', spooler), 'group-refused', /one print spooler/],
    [
      'the same name',
      () => operations.addResource('sales', { name: 'address', kind: 'ip-address', value: '127.0.0.40' }),
      'group-refused',
      /same name/,
    ],
    [
      'a stranger',
      () => operations.changeGroup('sales', { preferredOwners: ['c'] }),
      'group-refused',
      /c is no possible owner/,
    ],
    [
      'ports',
      () => operations.changeGroup('sales', { services: { ipp: { port: 515 } } }),
      'group-refused',
      /TCP port 515/,
    ],
    [
      'a community',
      () => operations.changeGroup('sales', { services: { snmp: { community: 'x' } } }),
      'group-refused',
      /networks that may ask/,
    ],
    ['unknown', () => operations.changeGroup('none', {}), 'group-not-found', /none/],
    ['no resource', () => operations.setWanted('sales', 'none', 'offline'), 'not-found', /no resource none/],
    [
      'while online',
      () => operations.removeResource('sales', 'spooler'),
      'group-refused',
      /resource offline sales\/spooler/,
    ],
    [
      'its value',
      () => operations.changeResource('sales', 'address', { value: '127.0.0.50' }),
      'group-refused',
      /wanted online/,
    ],
    [
      'a spooler with a value',
      () => operations.addResource('sales', { ...spooler, value: 'x' }),
      'bad-request',
      /no value/,
    ],
    ['with printers', () => operations.removeGroup('stock'), 'group-not-empty', /printers/],
    ['not there', () => operations.removeGroup('none'), 'group-not-found', /none/],
    ['no node', () => operations.drain('z'), 'node-not-found', /no node of this cluster: z; its nodes: a, b, c/],
    [
      'owners that do not exist',
      () => operations.changeGroup('sales', { preferredOwners: ['a', 'bb'] }),
      'node-not-found',
      /no node of this cluster: bb; its nodes: a, b, c/,
    ],
    [
      'an owner that does not exist',
      () => operations.createGroup({ name: 'x', addresses: ['127.0.0.31'], possibleOwners: ['z'] }),
      'node-not-found',
      /: z; its nodes/,
    ],
    [
      'an address twice',
      () => operations.createGroup({ name: 'x', addresses: ['::1', '0:0:0:0:0:0:0:1'] }),
      'group-refused',
      /group x has the address ::1 twice/,
    ],
    [
      "a node's address",
      () => operations.createGroup({ name: 'x', addresses: ['127.0.0.101'] }),
      'group-refused',
      /127\.0\.0\.101 is the address of node a itself/,
    ],
    [
      "a node's address, added later",
      () => operations.addResource('sales', { name: 'more', kind: 'ip-address', value: '127.0.0.101' }),
      'group-refused',
      /node a itself/,
    ],
    [
      'a name that is almost the same',
      () => operations.createGroup({ name: 'SALES', addresses: ['127.0.0.31'] }),
      'group-refused',
      /SALES differs from group sales in capital letters only/,
    ],
  ];
  for (const [name, act, code, message] of cases) await t.rejects(act(), { code, message }, name);
  t.equal(store.revision, revision);
});

t.test('an address that others need is not removed', async (t) => {
  const { store, operations } = desk();
  await operations.createGroup(sales);
  await operations.setWanted('sales', 'address', 'offline');
  const { revision } = store;
  await t.rejects(operations.removeResource('sales', 'address'), {
    code: 'group-refused',
    message: /needs an IP address/,
  });
  t.equal(store.revision, revision);
  await operations.addResource('sales', { name: 'other', kind: 'ip-address', value: '127.0.0.23' });
  await operations.removeResource('sales', 'address');
  t.equal(store.entry(keys.address('127.0.0.21')), undefined, 'another group may have it now');
  await operations.setWanted('sales', 'other', 'offline');
  await operations.changeResource('sales', 'other', {
    value: '127.0.0.24',
    restart: { attempts: 1, periodMs: 1_000, delayMs: 0 },
  });
  t.match((await operations.group('sales')).resources?.at(-1), {
    value: '127.0.0.24',
    wanted: 'offline',
    restart: { attempts: 1 },
  });
  t.equal(store.entry(keys.address('127.0.0.23')), undefined);
});

t.test('a wish that is true already writes nothing', async (t) => {
  const { store, operations } = desk();
  await operations.createGroup(sales);
  store.commit([], [{ put: keys.node('a'), value: { version: 1 } }]);
  await operations.drain('a');
  const { revision } = store;
  await operations.setWanted('sales', 'spooler', 'online');
  await operations.drain('a');
  t.equal(store.revision, revision);
  t.same((await operations.resume('a')).paused, []);
});

t.test('two operators at once: one gets the address, one adds the spooler, and no change is lost', async (t) => {
  const { store, operations } = desk();
  const other = new Operations({
    store,
    view: () => {
      throw new Error('not needed');
    },
    addressRule: loopbackRule,
  });
  t.same(
    (
      await atOnce(
        store,
        () => operations.createGroup({ name: 'x', addresses: ['127.0.0.9'] }),
        () => other.createGroup({ name: 'y', addresses: ['127.0.0.9'] }),
      )
    ).toSorted(),
    ['done', 'group-refused'],
    'the same address',
  );
  t.same(
    (
      await atOnce(
        store,
        () => operations.createGroup({ name: 'z', addresses: ['127.0.0.10'] }),
        () => other.createGroup({ name: 'z', addresses: ['127.0.0.11'] }),
      )
    ).toSorted(),
    ['done', 'group-exists'],
    'the same name',
  );
  await operations.setWanted('z', 'spooler', 'offline');
  await operations.removeResource('z', 'spooler');
  const add = (who: Operations, name: string) => () => who.addResource('z', { name, kind: 'print-spooler' });
  t.same((await atOnce(store, add(operations, 'one'), add(other, 'two'))).toSorted(), ['done', 'group-refused']);
  t.equal((await operations.group('z')).resources?.filter(({ kind }) => kind === 'print-spooler').length, 1);
  t.same(
    await atOnce(
      store,
      () => operations.changeGroup('z', { aliases: ['old'] }),
      () => other.changeGroup('z', { uploadGraceMs: 7 }),
    ),
    ['done', 'done'],
  );
  t.match(await operations.group('z'), { aliases: ['old'], uploadGraceMs: 7 });
});

t.test('a printer that is made while its group is removed keeps the group', async (t) => {
  const { store, operations } = desk();
  await operations.createGroup(sales);
  const owner = { version: 1, node: 'a', incarnation: 'a1', epoch: 4 } as const;
  store.commit([], [{ put: keys.owner('sales'), value: owner }]);
  const tenure = store.revision;
  let open = (): void => {};
  store.gate = new Promise((resolve) => (open = resolve));
  const removing = operations.removeGroup('sales');
  while (store.waiting === 0) await new Promise((resolve) => setImmediate(resolve));
  store.commit([{ key: keys.owner('sales'), revision: tenure }], [{ put: keys.printer('sales', 'p'), value: {} }]);
  open();
  await t.rejects(removing, { code: 'group-not-empty' });
  t.match(await operations.group('sales'), { name: 'sales' });
  t.same(store.entry(keys.address('127.0.0.21'))?.value, { version: 1, group: 'sales' });
  store.commit([], [{ delete: keys.printer('sales', 'p') }]);
  const { revision } = store.entry(keys.owner('sales')) ?? { revision: 0 };
  await operations.removeGroup('sales');
  t.equal(
    store.commit([{ key: keys.owner('sales'), revision }], [{ put: keys.printer('sales', 'late'), value: {} }]).outcome,
    'conflict',
    'what its owner was writing comes too late',
  );
  t.match(store.entry(keys.owner('sales'))?.value, { epoch: 4 }, 'the epoch stays on record');
  t.equal(store.entry(keys.address('127.0.0.21')), undefined);
});

t.test('a removal of which the answer is lost leaves no printer behind without its group', async (t) => {
  const { store, operations } = desk();
  await operations.createGroup(sales);
  let isLost = false;
  const txn = store.txn.bind(store);
  store.txn = async (compares, changes) => {
    const isFirst = !isLost;
    isLost = true;
    if (isFirst) await txn([], [{ put: keys.printer('sales', 'laser'), value: {} }]);
    const result = await txn(compares, changes);
    return isFirst ? { outcome: 'unknown', cause: new Error('no answer') } : result;
  };
  await t.rejects(operations.removeGroup('sales'), { code: 'group-not-empty' });
  t.match(await operations.group('sales'), { name: 'sales' });
  await txn([], [{ delete: keys.printer('sales', 'laser') }]);
  await operations.removeGroup('sales');
});

t.test('an outcome that is not known is said to be so', async (t) => {
  const { store, operations } = desk();
  store.txn = () => Promise.resolve({ outcome: 'unknown', cause: new Error('no answer') });
  await t.rejects(operations.createGroup(sales), { code: 'store-outcome-unknown' });
});

t.test('a move is asked for once, of an owner that lives, to a node that can take the group', async (t) => {
  const clock = new FakeClock();
  const store = new MemoryStore();
  const lab = new ClusterLab({ store, clock });
  const nodes = [
    lab.node('a'),
    lab.node('b'),
    lab.node('c'),
    lab.node('w', { readiness: { witness: true } }),
    lab.node('r', { readiness: { except: { sales: 'its spool failed' } } }),
    lab.node('s'),
    lab.node('d'),
  ];
  t.teardown(async () => {
    for (const one of nodes) {
      await one.node.stop(AbortSignal.abort());
      one.clock.kill();
    }
  });
  for (const { node } of nodes) node.start();
  const [a, , , , , s, d] = nodes;
  if (a === undefined || s === undefined || d === undefined) throw new Error('they are there');
  const operations = new Operations({ store, view: () => a.node.view(), addressRule: loopbackRule });
  store.commit(
    [],
    [
      {
        put: keys.node('f'),
        value: {
          version: 1,
          incarnation: 'f1',
          counter: 1,
          addresses: { peers: '', rest: '' },
          readiness: {},
          fenced: { by: 'a', because: 'silent' },
        },
      },
    ],
  );
  await clock.advance(500);
  await operations.createGroup({
    ...sales,
    possibleOwners: ['a', 'b', 'w', 'r', 's', 'd', 'f'],
    preferredOwners: ['a'],
  });
  await clock.advanceUntil(() => a.resources.up.has('sales/spooler'));
  await operations.drain('d');
  s.clock.kill();
  await clock.advance(1_500);
  for (const [to, message] of [
    ['f', /fenced/],
    ['s', /was not heard of for/],
    ['d', /drained/],
    ['w', /witness/],
    ['c', /no possible owner/],
    ['r', /not ready: its spool failed/],
  ] as const) {
    const before = store.entry(keys.group('sales'))?.revision;
    await t.rejects(operations.move('sales', { to, now: false }), { code: 'move-refused', message }, to);
    t.equal(store.entry(keys.group('sales'))?.revision, before);
  }
  await t.rejects(operations.move('sales', { to: 'z', now: false }), { code: 'node-not-found' });
  const before = store.entry(keys.group('sales'))?.revision;
  t.match(await operations.move('sales', { to: 'a', now: false }), { name: 'sales' }, 'it is there already');
  t.equal(store.entry(keys.group('sales'))?.revision, before);
  await operations.createGroup({
    name: 'lone',
    addresses: ['127.0.0.99'],
    possibleOwners: ['f', 'b'],
    preferredOwners: ['f'],
  });
  await t.rejects(operations.move('lone', { to: 'b', now: false }), { code: 'move-refused', message: /nobody owns/ });
  await operations.move('sales', { to: 'b', now: true });
  t.match((await operations.group('sales')).move, { to: 'b', epoch: 1, now: true });
  await clock.advanceUntil(() => nodes[1]?.resources.up.has('sales/spooler') === true);
  t.match(await lab.owner('sales'), { node: 'b', epoch: 2, how: 'moved', because: 'asked to move to b' });
});
