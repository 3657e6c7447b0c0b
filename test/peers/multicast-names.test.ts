// Names of virtual servers in multicast DNS, beside avahi on the same link and on the same host.

import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { avahiNeeds, startAvahi } from '../support/avahi.js';
import { linkNeeds, startLink } from '../support/link.js';
import { startNamesNode } from '../support/names-node.js';
import { skipWithout } from '../support/peers.js';

const needs = skipWithout(...linkNeeds, ...avahiNeeds);
const [floating, floating6] = ['10.77.0.50', 'fd77::50'];

const until = async (holds: () => Promise<boolean> | boolean, patienceMs = 20_000): Promise<void> => {
  for (const end = performance.now() + patienceMs; !(await holds()); await delay(50))
    if (performance.now() > end) throw new Error('what was waited for did not come');
};

/** Asks everyone, and says who answered what. */
const plainClient = `
  import { createSocket } from 'node:dgram';
  import dnsPacket from 'dns-packet';
  const socket = createSocket('udp4');
  socket.on('message', (octets, { address, port }) => {
    const { answers } = dnsPacket.decode(octets);
    console.log(JSON.stringify({ from: address + ':' + port, data: answers.map(({ data }) => data) }));
    socket.close();
  });
  socket.send(dnsPacket.encode({ id: 5, questions: [{ name: 'sales.local', type: 'AAAA' }] }), 5353, '224.0.0.251');
`;

t.test('a client with avahi finds the name at the floating addresses, wherever they are', needs, async (t) => {
  const [one, other, client, newcomer] = await startLink(t, 4);
  if (one === undefined || other === undefined || client === undefined || newcomer === undefined)
    throw new Error('no hosts');
  const avahi = await startAvahi(t, client, 'client');
  // avahi runs on the node, too, and shares the port.
  await startAvahi(t, one, 'one');
  for (const address of [`${floating}/32`, `${floating6}/128`])
    await one.ip('address', 'add', address, 'dev', 'eth0', 'nodad');
  const first = startNamesNode(t, one);
  const published = await first.publish({ names: ['sales', 'old.local'], addresses: [floating, floating6] });
  t.match(published, { trouble: null });
  t.ok((published.ms ?? 0) > 700, `a new name is probed for: ${published.ms} ms`);
  t.equal(await avahi.resolve('sales.local', 4), floating);
  t.equal(await avahi.resolve('sales.local', 6), floating6);
  t.equal(await avahi.resolve('old.local', 4), floating, 'an alias');
  t.equal(await avahi.resolve('sales2.local', 4), undefined);
  await until(() => first.events.filter(({ known }) => known !== undefined).length === 2);

  await t.test('a plain client is answered, too, and from the floating address', async (t) => {
    const { stdout } = await client.run('dig', ['+tries=1', '-p', '5353', `@${floating}`, 'sales.local', 'A']);
    t.match(stdout, /sales\.local\.\s+10\s+IN\s+A\s+10\.77\.0\.50/);
    await client.ip('route', 'add', '224.0.0.0/4', 'dev', 'eth0');
    const answer = await client.run(process.execPath, ['--input-type=module', '-e', plainClient]);
    t.same(JSON.parse(answer.stdout), { from: `${floating}:5353`, data: [floating6] }, 'the node itself is not seen');
  });

  await t.test('at a takeover the successor is heard at once, and nobody hears a goodbye', async (t) => {
    await first.kill();
    for (const address of [`${floating}/32`, `${floating6}/128`]) {
      await one.ip('address', 'delete', address, 'dev', 'eth0');
      await other.ip('address', 'add', address, 'dev', 'eth0', 'nodad');
    }
    const second = startNamesNode(t, other, ['sales', 'old.local']);
    const taken = await second.publish({ names: ['sales', 'old.local'], addresses: [floating, floating6] });
    t.ok((taken.ms ?? 1_000) < 300, `${taken.ms} ms`);
    t.equal(await avahi.resolve('sales.local', 4), floating);
    const late = await startAvahi(t, newcomer, 'late');
    t.equal(await late.resolve('sales.local', 4), floating, 'a client that knew nothing');

    await t.test('what is moved away stays in caches, what is removed does not', async (t) => {
      await second.withdraw({ forGood: false });
      t.equal(await avahi.resolve('sales.local', 4), floating, 'from its cache');
      await second.publish({ names: ['sales'], addresses: [floating, floating6] });
      await second.withdraw({ forGood: true });
      await delay(1_500);
      t.equal(await avahi.resolve('sales.local', 4), undefined);
    });
  });
});

t.test('a name that an avahi has is not taken, and is tried again', needs, async (t) => {
  const [node, client] = await startLink(t, 2);
  if (node === undefined || client === undefined) throw new Error('no hosts');
  const avahi = await startAvahi(t, client, 'sales');
  await node.ip('address', 'add', `${floating}/32`, 'dev', 'eth0');
  const names = startNamesNode(t, node);
  const { error } = await names.publish({ addresses: [floating] });
  t.match(error, /another host has the name sales\.local: (10\.77\.0\.2|fd77:|fe80:)/);
  t.match(names.events, [{ code: 'name-conflict' }]);
  t.notMatch(avahi.output(), /conflict/, 'avahi keeps its name');
  const alias = await names.publish({ names: ['other', 'sales'], addresses: [floating] });
  t.equal(alias.error, undefined, 'an alias that another host has keeps nobody waiting');
  await until(async () => /another host has the name sales\.local/.test((await names.trouble()) ?? ''));
  t.equal(await avahi.resolve('other.local', 4), floating);
});

t.test('an avahi that comes with a name of ours takes another', needs, async (t) => {
  const [node, client, watcher] = await startLink(t, 3);
  if (node === undefined || client === undefined || watcher === undefined) throw new Error('no hosts');
  const seen = await startAvahi(t, watcher, 'watcher');
  await node.ip('address', 'add', `${floating}/32`, 'dev', 'eth0');
  const names = startNamesNode(t, node);
  await names.publish({ addresses: [floating] });
  const avahi = await startAvahi(t, client, 'sales');
  t.match(avahi.output(), /conflict[^]*sales-2/);
  t.equal(await seen.resolve('sales.local', 4), floating);
  t.equal(await names.trouble(), null, 'it never used the name');
});

t.test('a host that took a name of ours while nobody had it gives it back', needs, async (t) => {
  const [node, client] = await startLink(t, 2);
  if (node === undefined || client === undefined) throw new Error('no hosts');
  const avahi = await startAvahi(t, client, 'sales');
  await node.ip('address', 'add', `${floating}/32`, 'dev', 'eth0');
  const names = startNamesNode(t, node, ['sales']);
  t.match(await names.publish({ addresses: [floating] }), { error: undefined });
  await until(() => /Host name conflict, retrying with sales-2/.test(avahi.output()));
  await until(async () => (await avahi.resolve('sales.local', 4)) === floating);
});

t.test('of two nodes that want one name at the same time, one has it', needs, async (t) => {
  const hosts = await startLink(t, 3);
  const client = hosts[2];
  if (client === undefined) throw new Error('no hosts');
  const avahi = await startAvahi(t, client, 'client');
  const addresses = ['10.77.0.51', '10.77.0.52'] as const;
  const tries = addresses.map(async (address, index) => {
    const host = hosts[index];
    if (host === undefined) throw new Error('no host');
    await host.ip('address', 'add', `${address}/32`, 'dev', 'eth0');
    return startNamesNode(t, host).publish({ addresses: [address] });
  });
  const [less, more] = await Promise.all(tries);
  t.match(less?.error, /another host has the name sales\.local: 10\.77\.0\.52/, 'whose address is less yields');
  t.equal(more?.error, undefined);
  t.equal(await avahi.resolve('sales.local', 4), addresses[1]);
});

/** What nobody's honest, from the port that counts. */
const vandal = `
  import { createSocket } from 'node:dgram';
  import { randomBytes } from 'node:crypto';
  const socket = createSocket({ type: 'udp4', reuseAddr: true });
  const whole = Buffer.from('000084000000000100000000' + '0573616c6573056c6f63616c00' + '000180010000007800040a4d0009', 'hex');
  socket.bind(5353, () => {
    socket.setMulticastInterface(process.argv[1]);
    let left = 2_000;
    const next = () => {
      if (left-- === 0) return socket.close();
      const octets = left % 2 === 0 ? randomBytes(1 + left % 1_400) : Buffer.from(whole);
      if (left % 2 === 1) octets[left % octets.length] ^= 1 + left % 255;
      socket.send(octets, 5353, left % 3 === 0 ? process.argv[2] : '224.0.0.251', next);
    };
    next();
  });
`;

t.test('names of several groups share a link, and survive what is sent to break them', needs, async (t) => {
  const [node, client] = await startLink(t, 2);
  if (node === undefined || client === undefined) throw new Error('no hosts');
  const avahi = await startAvahi(t, client, 'client');
  for (const address of [floating, '10.77.0.51']) await node.ip('address', 'add', `${address}/32`, 'dev', 'eth0');
  const names = startNamesNode(t, node);
  await names.publish({ addresses: [floating] });
  await names.publish({ group: 'stock', names: ['stock.local'], addresses: ['10.77.0.51'] });
  await client.run(process.execPath, ['--input-type=module', '-e', vandal, client.address, floating]);
  t.equal(await avahi.resolve('stock.local', 4), '10.77.0.51');
  await names.withdraw({ forGood: true });
  await delay(1_500);
  t.equal(await avahi.resolve('stock.local', 4), '10.77.0.51', 'the other group goes on');
  await avahi.stop();
  const late = await startAvahi(t, client, 'client');
  t.equal(await late.resolve('stock.local', 4), '10.77.0.51', 'and answers');
  await node.ip('address', 'delete', '10.77.0.51/32', 'dev', 'eth0');
  await node.ip('address', 'add', '10.77.0.51/32', 'dev', 'eth0');
  t.match(await names.withdraw({ forGood: false }), { error: undefined }, 'it lives');
});

t.test('a node that has not got the address publishes nothing until it has', needs, async (t) => {
  const [node, client] = await startLink(t, 2);
  if (node === undefined || client === undefined) throw new Error('no hosts');
  const avahi = await startAvahi(t, client, 'client');
  const names = startNamesNode(t, node);
  const published = await names.publish({ addresses: [floating] });
  t.match(published.trouble, /no interface has 10\.77\.0\.50/);
  t.ok((published.ms ?? 1_000) < 1_000, 'nobody waits for it');
  await node.ip('address', 'add', `${floating}/32`, 'dev', 'eth0');
  await until(() => names.events.some(({ code }) => code === 'name-published'));
  t.equal(await avahi.resolve('sales.local', 4), floating);
  t.match(names.events.map(({ code }) => code).filter(Boolean), ['name-unpublished', 'name-published']);
});
