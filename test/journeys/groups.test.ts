// Two virtual servers on one node, each at an address of its own: a client of one never sees the other.

import t, { type Test } from 'tap';
import { sha256 } from '../support/delivery.js';
import { loopbackAddress, startDevice } from '../support/device.js';
import { groupOn, launchNode, type NodeProcess, startNode } from '../support/node-process.js';
import { run, skipWithout } from '../support/peers.js';

const startTwo = async (t: Test) => {
  const devices = [await startDevice(t), await startDevice(t), await startDevice(t)] as const;
  const [front, back, store] = devices;
  const [sales, depot] = [loopbackAddress(), loopbackAddress()];
  const groups = {
    sales: groupOn(sales, { front: { device: front.device }, back: { device: back.device } }),
    depot: groupOn(depot, { store: { device: store.device } }),
  };
  return { front, back, store, sales, depot, config: { groups, admin: { port: 0 } } };
};

const printers = async (node: NodeProcess, address: string): Promise<readonly string[]> => {
  const { stdout } = await run('lpstat', ['-h', node.server(address), '-p']);
  return [...stdout.matchAll(/^printer (\S+) /gm)].map(([, name = '']) => name).sort();
};

t.test('each group shows and prints its own', skipWithout('lp', 'lpstat', 'snmpget'), async (t) => {
  const { front, back, store, sales, depot, config } = await startTwo(t);
  const node = await startNode(t, { config });
  t.same(await printers(node, sales), ['back', 'front']);
  t.same(await printers(node, depot), ['store']);

  const print = (address: string, printer: string) =>
    run('lp', ['-h', node.server(address), '-d', printer, '-t', printer], { input: `for ${printer}` });
  for (const [address, printer] of [
    [sales, 'front'],
    [sales, 'back'],
    [depot, 'store'],
  ] as const) {
    const { status, stderr } = await print(address, printer);
    t.equal(status, 0, stderr);
  }
  for (const [name, { emulator }] of Object.entries({ front, back, store }))
    t.match(await emulator.nextJob(), { sha256: sha256(`for ${name}`) });
  t.equal((await print(depot, 'front')).status, 1, 'a printer of the other group is not there');

  const listed = async (address: string): Promise<readonly string[]> => {
    const { stdout } = await run('lpstat', ['-h', node.server(address), '-W', 'all', '-o']);
    return [...stdout.matchAll(/^(\S+) /gm)].map(([, job = '']) => job).sort();
  };
  t.same(await listed(sales), ['back-2', 'front-1'], 'ids are of each group');
  t.same(await listed(depot), ['store-1']);

  const names = async (address: string): Promise<string> => {
    const { port } = node.listener('snmp', address);
    const asked = ['-v2c', '-c', 'public', '-On', '-Oe', `${address}:${port}`, '.1.3.6.1.2.1.43.5.1.1.16'];
    return (await run('snmpwalk', ['-m', '', ...asked])).stdout.replace(/^.*STRING: /gm, '');
  };
  t.equal(await names(sales), '"front"\n"back"\n');
  t.equal(await names(depot), '"store"\n');
});

t.test('a device of one group is refused to the other', async (t) => {
  const { front, store, config } = await startTwo(t);
  const node = await startNode(t, { config });
  const add = (group: string, device: string) =>
    node.platen(['printer', 'add', 'second', '--device', device, '--group', group]);
  const refused = await add('depot', front.device);
  t.equal(refused.status, 1);
  t.match(refused.stderr, /belongs to .*sales/);
  const otherPort = await add('depot', front.device.replace(':9100', ':9101'));
  t.equal(otherPort.status, 1, 'on whatever port');
  t.equal((await add('depot', store.device)).status, 0, 'a second printer of the same group is allowed');
});

t.test('a configuration that gives one device to two groups is refused', async (t) => {
  const { front, config } = await startTwo(t);
  const groups = { ...config.groups, third: groupOn(loopbackAddress(), { again: { device: front.device } }) };
  const node = await launchNode(t, { config: { ...config, groups } });
  t.same(await node.ended(), { status: 2, signal: null });
  t.match(node.errors, /platen\.yaml:\d+:\d+: groups\.third\.printers\.again\.device: .*belongs to group sales/);
});
