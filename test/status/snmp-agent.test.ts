import { ObjectType } from 'net-snmp';
import t from 'tap';
import { PlatenError } from '../../lib/errors.js';
import { silentLog } from '../../lib/platform/log.js';
import { SnmpAgent } from '../../lib/status/snmp-agent.js';
import { FakeClock } from '../support/fake-clock.js';
import { get, openSession, printer, startAgent, walk } from '../support/snmp-agent.js';

const hrDeviceStatus = '1.3.6.1.2.1.25.3.2.1.5';
const hrPrinterStatus = '1.3.6.1.2.1.25.3.5.1.1';
const hrErrorState = '1.3.6.1.2.1.25.3.5.1.2';
const prtGeneralPrinterName = '1.3.6.1.2.1.43.5.1.1.16';

t.test('the system is the virtual server', async (t) => {
  const { port, clock } = await startAgent(t, []);
  await clock.advance(12_345);
  const session = openSession(t, { port });
  const oids = [1, 3, 5].map((number) => `1.3.6.1.2.1.1.${number}.0`);
  t.match(await get(session, ...oids), [
    { type: ObjectType.OctetString, value: Buffer.from('Platen print server') },
    { type: ObjectType.TimeTicks, value: 1_234 },
    { type: ObjectType.OctetString, value: Buffer.from('sales') },
  ]);
});

t.test('each printer has its rows, from index 1', async (t) => {
  const { port } = await startAgent(t, [printer('front'), printer('Büro', { errors: 3, configChanges: 2 ** 32 + 5 })]);
  const rows = await walk(openSession(t, { port }), '1.3.6.1.2.1');
  const text = (oid: string): string => String(rows.get(oid));
  t.equal(rows.get('1.3.6.1.2.1.25.3.2.1.1.2'), 2, 'hrDeviceIndex');
  t.equal(rows.get('1.3.6.1.2.1.25.3.2.1.2.1'), '1.3.6.1.2.1.25.3.1.5', 'hrDeviceType is hrDevicePrinter');
  t.equal(text('1.3.6.1.2.1.25.3.2.1.3.1'), 'the front printer', 'hrDeviceDescr');
  t.equal(rows.get('1.3.6.1.2.1.25.3.2.1.6.2'), 3, 'hrDeviceErrors');
  t.equal(rows.get('1.3.6.1.2.1.43.5.1.1.1.2'), 5, 'prtGeneralConfigChanges goes round at 2³²');
  t.equal(rows.get('1.3.6.1.2.1.43.5.1.1.3.1'), 3, 'prtGeneralReset: notResetting');
  t.equal(text(`${prtGeneralPrinterName}.2`), 'Büro');
  t.equal(rows.get('1.3.6.1.2.1.43.7.1.1.4.1.1'), 106, 'the localization that prtGeneral names exists: UTF-8');
  t.equal(rows.size, 7 + 2 * (6 + 2 + 11 + 3));
});

t.test('rows follow the printers', async (t) => {
  const running = await startAgent(t, [printer('front')]);
  const session = openSession(t, running);
  const status = async () => {
    const varbinds = await get(session, `${hrDeviceStatus}.1`, `${hrPrinterStatus}.1`, `${hrErrorState}.1`);
    return varbinds.map(({ value }) => (Buffer.isBuffer(value) ? value.toString('hex') : value));
  };
  t.same(await status(), [2, 3, '0000']);
  await running.show([printer('front', { state: 'printing', reasons: ['toner-low-warning'] })]);
  t.same(await status(), [3, 4, '2000']);
  await running.show([printer('front', { state: 'printing', reasons: ['media-jam-error'] })]);
  t.same(await status(), [5, 1, '0400']);
  await running.show([printer('front', { state: 'stopped', reasons: ['paused'] })]);
  t.same(await status(), [5, 1, '0200']);
});

t.test('a printer keeps its index while it lives, and nobody inherits it', async (t) => {
  const running = await startAgent(t, [printer('a'), printer('b'), printer('c')]);
  const session = openSession(t, running);
  const names = async () =>
    [...(await walk(session, prtGeneralPrinterName))].map(([oid, name]) => `${oid.split('.').at(-1)} ${String(name)}`);
  t.same(await names(), ['1 a', '2 b', '3 c']);
  await running.show([printer('c'), printer('a')]);
  t.same(await names(), ['1 a', '3 c']);
  await running.show([printer('d'), printer('c'), printer('renamed', { key: 'uuid-of-a' })]);
  t.same(await names(), ['1 renamed', '3 c', '4 d']);
});

t.test('strings are cut at whole characters and carry no control characters', async (t) => {
  const { port } = await startAgent(t, [printer('x\u0000\u001b[2Jy', { description: `a${'é'.repeat(60)}` })]);
  const [name, description] = await get(
    openSession(t, { port }),
    `${prtGeneralPrinterName}.1`,
    '1.3.6.1.2.1.25.3.2.1.3.1',
  );
  t.equal(String(name?.value), 'x  [2Jy');
  t.equal(String(description?.value), `a${'é'.repeat(31)}`);
});

t.test('what does not exist is said so in the manager’s version', async (t) => {
  const { port } = await startAgent(t, [printer('front')]);
  const newer = openSession(t, { port });
  t.match(await get(newer, `${hrPrinterStatus}.9`, '1.3.6.1.4.1.1.0', `${hrPrinterStatus}.1`), [
    { type: ObjectType.NoSuchInstance },
    { type: ObjectType.NoSuchObject },
    { type: ObjectType.Integer, value: 3 },
  ]);
  const older = openSession(t, { port, version: 'v1' });
  await t.rejects(get(older, `${hrPrinterStatus}.1`, `${hrPrinterStatus}.9`), { message: /^NoSuchName: .*\.9$/ });
  t.match(await get(older, `${hrPrinterStatus}.1`), [{ value: 3 }]);
  t.equal((await walk(older, '1.3.6.1.2.1')).size, 7 + 22, 'a walk by get-next, to the end');
});

t.test('nothing can be written', async (t) => {
  const { port } = await startAgent(t, [printer('front')]);
  const set = (version: 'v1' | 'v2c', oid: string) =>
    new Promise((resolve) => {
      openSession(t, { port, version }).set([{ oid, type: ObjectType.Integer, value: 4 }], resolve);
    });
  for (const oid of ['1.3.6.1.2.1.43.5.1.1.3.1', '1.3.6.1.4.1.1.0']) {
    t.match(await set('v2c', oid), { message: `NotWritable: ${oid}` });
    t.match(await set('v1', oid), { message: `NoSuchName: ${oid}` });
  }
  t.match(await get(openSession(t, { port }), '1.3.6.1.2.1.43.5.1.1.3.1'), [{ value: 3 }]);
});

t.test('printers that cannot be read are a general error, once logged, and pass', async (t) => {
  const logged: string[] = [];
  let broken = true;
  const { port } = await startAgent(t, [], {
    log: { ...silentLog, error: (_, message) => logged.push(message) },
    rows: () => {
      if (broken) throw new Error('not now');
      return [printer('front')];
    },
  });
  const session = openSession(t, { port });
  for (let i = 0; i < 3; i += 1) await t.rejects(get(session, `${hrPrinterStatus}.1`), { message: 'GeneralError' });
  t.equal(logged.length, 1);
  broken = false;
  t.match(await get(session, `${hrPrinterStatus}.1`), [{ value: 3 }]);
});

t.test('two agents live side by side, on IPv6 too', async (t) => {
  const one = await startAgent(t, [printer('one')]);
  const two = await startAgent(t, [printer('two')], { address: '127.0.0.2', port: one.port });
  const six = await startAgent(t, [printer('six')], { address: '::1', allowFrom: ['::1/128'] });
  const hosts = { one: '127.0.0.1', two: '127.0.0.2', six: '::1' };
  for (const [name, { port }] of Object.entries({ one, two, six })) {
    const session = openSession(t, { host: hosts[name as keyof typeof hosts], port });
    t.equal(String((await get(session, `${prtGeneralPrinterName}.1`))[0]?.value), name);
  }
  await t.rejects(startAgent(t, [], { port: one.port }), { code: 'EADDRINUSE' });
});

t.test('an agent without a community or with a wrong network is refused', async (t) => {
  const options = {
    address: '127.0.0.1',
    port: 0,
    system: { name: 'sales', description: '' },
    clock: new FakeClock(),
    log: silentLog,
    rows: () => [],
  };
  t.throws(() => new SnmpAgent({ ...options, community: '', allowFrom: [] }), PlatenError);
  for (const network of ['', '10.0.0.0', '10.0.0.0/33', '10.0.0/8', '::/129', '10.0.0.0/-1', '10.0.0.0/ 8']) {
    t.throws(() => new SnmpAgent({ ...options, community: 'c', allowFrom: [network] }), PlatenError, network);
  }
});
