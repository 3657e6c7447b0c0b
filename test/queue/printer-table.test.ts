import type { Test } from 'tap';
import t from 'tap';
import { silentLog } from '../../lib/platform/log.js';
import { systemClock } from '../../lib/platform/clock.js';
import { GroupWrites } from '../../lib/queue/group-writes.js';
import { PrinterTable } from '../../lib/queue/printer-table.js';
import { openEmbeddedStore } from '../../lib/store/embedded/embedded-store.js';
import { keys } from '../../lib/store/keys.js';
import type { Store } from '../../lib/store/store.js';
import { disturbed, noStrayRejections } from '../support/queue.js';
import { temporaryDirectory } from '../support/temporary.js';

const hosts: Record<string, string[]> = {
  box: ['192.0.2.9', '2001:DB8::9'],
  other: ['::ffff:192.0.2.9'],
  nowhere: [],
};

const open = async (t: Test) => {
  noStrayRejections(t);
  const store = await openEmbeddedStore({ directory: await temporaryDirectory(t), log: silentLog });
  t.teardown(() => store.close());
  const tableOf = async (group: string, disturb: Parameters<typeof disturbed>[1] = () => undefined) => {
    const owner = await store.txn([], [{ put: keys.owner(group), value: { version: 1, epoch: 1 } }]);
    if (owner.outcome !== 'committed') throw new Error(owner.outcome);
    const through: Store = disturbed(store, disturb);
    const tenure = { group, epoch: 1, node: 'a', revision: owner.revision, holds: () => true };
    const table = new PrinterTable({
      group,
      store: through,
      writes: new GroupWrites({ store: through, tenure, clock: systemClock, onUncertain: () => undefined }),
      resolve: async (host) => hosts[host] ?? Promise.reject(new Error('ENOTFOUND')),
      devicePorts: [4_000],
      defaults: { interrupted: 'restart', maxAttempts: 3 },
      now: () => 5,
      newUuid: () => '00000000-0000-4000-8000-000000000000',
    });
    await table.load();
    return table;
  };
  const devices = async (): Promise<string[]> =>
    (await store.range('/platen/1/devices/')).entries.map(({ key }) => key.slice('/platen/1/devices/'.length));
  return { store, tableOf, devices, printers: await tableOf('print') };
};

t.test('ports: the usual ones and those that were allowed, no other', async (t) => {
  const { printers } = await open(t);
  const allowed = ['', ':9107', ':515', ':631', ':4000'];
  for (const [n, port] of allowed.entries())
    await printers.add({ name: `p${n}`, deviceUri: `socket://192.0.2.1${port}` });
  for (const port of [':80', ':22', ':9108', ':9099', ':0', ':65536'])
    await t.rejects(
      printers.add({ name: 'x', deviceUri: `socket://192.0.2.1${port}` }),
      { code: 'device-refused' },
      port,
    );
  await t.rejects(printers.change('p0', { deviceUri: 'socket://192.0.2.1:25' }), { code: 'device-refused' });
  t.equal(printers.all().length, allowed.length);
});

t.test('names: what is not allowed is refused, never cleaned', async (t) => {
  const { printers } = await open(t);
  const bad = [
    '',
    '.',
    '..',
    '../x',
    '..\\x',
    'a/b',
    'a b',
    'a\0',
    '%2e%2e',
    'a\u202eb',
    'ä',
    '🖨',
    'x'.repeat(128),
    'x'.repeat(1_000),
    'a\n',
    ' a',
    'a:b',
    '\u0061\u0301',
    '\ufeffa',
    'C:\\x',
    '$(x)',
    '\u00c0\u00ae',
  ];
  for (const name of bad)
    await t.rejects(
      printers.add({ name, deviceUri: 'socket://192.0.2.1' }),
      { code: 'bad-request' },
      JSON.stringify(name),
    );
  for (const name of ['a', 'A', '...', '-', '_', 'CON', 'nul.txt', 'x'.repeat(127)])
    t.match(await printers.add({ name, deviceUri: 'socket://192.0.2.1' }), { name });
  await t.rejects(printers.add({ name: 'a', deviceUri: 'socket://192.0.2.1' }), { code: 'printer-exists' });
});

t.test('a device is kept by every address of its host, in one spelling', async (t) => {
  const { printers, tableOf, devices } = await open(t);
  t.match(await printers.add({ name: 'a', deviceUri: 'socket://box' }), {
    deviceAddresses: ['192.0.2.9', '2001:db8::9'],
  });
  t.same(await devices(), ['192.0.2.9', '2001:db8::9']);
  const other = await tableOf('other');
  for (const host of ['box', 'other', '192.0.2.9', '[2001:db8:0::9]', '[::ffff:192.0.2.9]'])
    await t.rejects(other.add({ name: 'x', deviceUri: `ipp://${host}/ipp/print` }), { code: 'device-in-use' }, host);
  await printers.add({ name: 'b', deviceUri: 'socket://192.0.2.9:9101' });
  await t.rejects(printers.add({ name: 'c', deviceUri: 'socket://gone' }), { code: 'device-refused' });
  await t.rejects(printers.add({ name: 'c', deviceUri: 'socket://nowhere' }), { code: 'device-refused' });
});

t.test('of two groups that race for a device one gets it', async (t) => {
  const { tableOf, printers, store } = await open(t);
  const other = await tableOf('other');
  const results = await Promise.allSettled(
    [printers, other].map((table) => table.add({ name: 'a', deviceUri: 'socket://192.0.2.1' })),
  );
  t.same(results.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
  t.match(
    results.find(({ status }) => status === 'rejected'),
    { reason: { code: 'device-in-use' } },
  );
  t.equal(printers.all().length + other.all().length, 1);
  t.ok(await store.get(keys.device('192.0.2.1')));
});

t.test('a device is free again when its last printer changes or goes', async (t) => {
  const { printers, devices, tableOf } = await open(t);
  await printers.add({ name: 'a', deviceUri: 'socket://box' });
  await printers.add({ name: 'b', deviceUri: 'socket://192.0.2.9:9101' });
  await printers.change('a', { deviceUri: 'socket://192.0.2.1' });
  t.same(await devices(), ['192.0.2.1', '192.0.2.9'], 'the address that b uses stays');
  await printers.remove('b', () => false);
  t.same(await devices(), ['192.0.2.1']);
  await (await tableOf('other')).add({ name: 'b', deviceUri: 'socket://192.0.2.9' });
});

t.test(
  'a device that is left is let go when nothing is sent there any more, whatever else changes meanwhile',
  async (t) => {
    const { printers, devices } = await open(t);
    await printers.add({ name: 'a', deviceUri: 'socket://192.0.2.1' });
    const gates: (() => void)[] = [];
    const left = (): Promise<void> =>
      new Promise((resolve) => {
        gates.push(resolve);
      });
    const first = printers.change('a', { deviceUri: 'socket://192.0.2.2' }, left);
    while (gates.length < 1) await new Promise(setImmediate);
    await printers.change('a', { location: 'hall' });
    t.same(await devices(), ['192.0.2.1', '192.0.2.2']);
    const second = printers.change('a', { deviceUri: 'socket://192.0.2.3' }, left);
    while (gates.length < 2) await new Promise(setImmediate);
    gates[0]?.();
    await first;
    t.same(await devices(), ['192.0.2.1', '192.0.2.2', '192.0.2.3']);
    gates[1]?.();
    t.match(await second, { deviceUri: 'socket://192.0.2.3', location: 'hall', formerAddresses: undefined });
    t.same(await devices(), ['192.0.2.3']);
  },
);

t.test('a device that an owner was leaving when it ended is let go by the next one', async (t) => {
  const { printers, devices, tableOf } = await open(t);
  await printers.add({ name: 'a', deviceUri: 'socket://192.0.2.1' });
  void printers.change('a', { deviceUri: 'socket://192.0.2.2' }, () => new Promise(() => {}));
  while ((await devices()).length < 2) await new Promise(setImmediate);
  const next = await tableOf('print');
  t.equal(next.must('a').formerAddresses, undefined);
  t.same(await devices(), ['192.0.2.2']);
});

t.test('a printer with jobs stays; one whose removal fails is back', async (t) => {
  const { printers, tableOf } = await open(t);
  await printers.add({ name: 'a', deviceUri: 'socket://192.0.2.1' });
  await t.rejects(
    printers.remove('a', () => true),
    { code: 'printer-has-jobs' },
  );
  let seen: unknown = 'not asked';
  const flaky = await tableOf('print', () => {
    seen = flaky.get('a');
    throw new Error('no answer');
  });
  await t.rejects(
    flaky.remove('a', () => false),
    /no answer/,
  );
  t.equal(seen, undefined, 'no job can come to it meanwhile');
  t.match(flaky.get('a'), { name: 'a' });
  await t.rejects(
    flaky.remove('b', () => false),
    { code: 'printer-not-found' },
  );
});

t.test('settings change in part, and null takes an optional one away', async (t) => {
  const { printers, tableOf } = await open(t);
  const snmp = { community: 'public', port: 161, index: 1 };
  await printers.add({ name: 'b', deviceUri: 'socket://192.0.2.1', device: { snmp, lock: 'port' } });
  await printers.add({ name: 'a', deviceUri: 'socket://192.0.2.2' });
  const told: (string | undefined)[] = [];
  printers.onChange((printer, before) => told.push(`${before?.location} > ${printer?.location}`));
  const [one, two] = await Promise.all([
    printers.change('b', { location: 'hall' }),
    printers.change('b', { device: { snmp: null } }),
  ]);
  t.match(one, { location: 'hall', device: { lock: 'port', snmp } });
  t.match(two, { location: 'hall', device: { lock: 'port' } });
  t.notOk('snmp' in two.device);
  t.same(told, [' > hall', 'hall > hall']);
  t.same((await tableOf('print')).all(), printers.all());
  t.same(
    printers.all().map(({ name }) => name),
    ['a', 'b'],
  );
});
