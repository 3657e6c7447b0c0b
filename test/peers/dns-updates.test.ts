// Names of virtual servers in the domain name system: BIND takes our updates, and what it refuses is said.

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { chmod } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import path from 'node:path';
import t, { type Test } from 'tap';
import { updateZone, type Wish, type Zone } from '../../lib/names/zone-update.js';
import { type Clock, systemClock } from '../../lib/platform/clock.js';
import { bindNeeds, startBind } from '../support/bind.js';
import { skipWithout } from '../support/peers.js';

const needs = skipWithout(...bindNeeds);
const wish: Wish = { name: 'sales.example.com', addresses: ['192.0.2.7', '2001:db8::7'], there: true };

const update = (zone: Zone, what: Partial<Wish> = {}, clock: Clock = systemClock): Promise<void> =>
  updateZone(zone, { ...wish, ...what }, { clock, signal: AbortSignal.timeout(20_000) });

const reason = (work: Promise<void>): Promise<string> =>
  work.then(
    () => 'no error',
    (error: Error) => error.message,
  );

t.test('BIND takes names in and out', needs, async (t) => {
  const bind = await startBind(t);
  const secretFile = await bind.secretFile('platen');
  const key = { name: 'platen', algorithm: 'hmac-sha256', secretFile };
  const zone: Zone = { zone: 'example.com', server: { address: '127.0.0.1', port: bind.port }, key };
  const addresses = async () => [...(await bind.dig(wish.name, 'A')), ...(await bind.dig(wish.name, 'AAAA'))];

  t.same(await addresses(), ['192.0.2.99'], 'before');
  await update(zone);
  t.same(await addresses(), wish.addresses, 'what was there is replaced');
  t.same(await bind.dig(wish.name, 'TXT'), ['"stays"']);
  await update(zone);
  t.same(await addresses(), wish.addresses, 'the successor writes the same again');
  await update(zone, { addresses: ['192.0.2.7'], there: false });
  t.same(await addresses(), ['2001:db8::7'], 'only what was ours is removed');
  await update(zone, { addresses: ['192.0.2.7', '2001:db8::7'], there: false });
  t.same(await addresses(), [], 'what is not there need not be removed');
  t.same(await bind.dig(wish.name, 'TXT'), ['"stays"']);

  await t.test('what it refuses, and why', async (t) => {
    const off = (ms: number): Clock => ({ ...systemClock, wall: () => Date.now() + ms });
    const unknown = { ...zone, key: { ...key, name: 'nobody', secretFile: await bind.secretFile('nobody') } };
    const wrong = { ...zone, key: { ...key, secretFile: await bind.secretFile('nobody') } };
    const other = { ...zone, key: { ...key, name: 'other', secretFile: await bind.secretFile('other') } };
    const cases: [string, () => Promise<void>, RegExp][] = [
      ['a key that it does not know', () => update(unknown), /^NOTAUTH: .*; BADKEY: /],
      ['another secret', () => update(wrong), /^NOTAUTH: .*; BADSIG: /],
      ['a key that may not', () => update(other), /^REFUSED: [^;]*$/],
      ['a name that the key may not change', () => update(zone, { name: 'reserved.example.com' }), /^REFUSED: [^;]*$/],
      ['another zone', () => update({ ...zone, zone: 'example.org' }, { name: 'a.example.org' }), /^NOTAUTH: [^;]*$/],
      ['a name outside the zone', () => update(zone, { name: 'a.example.org' }), /^NOTZONE: [^;]*$/],
      ['a clock that is wrong', () => update(zone, {}, off(400_000)), /^NOTAUTH: .*; BADTIME: /],
    ];
    for (const [what, work, words] of cases) t.match(await reason(work()), words, what);
    t.same(await bind.dig('reserved.example.com', 'A'), []);
  });

  await t.test('a secret that others may read is not used', async (t) => {
    await chmod(secretFile, 0o640);
    t.match(await reason(update(zone)), /others may read .*: chmod 600 it/);
    await chmod(secretFile, 0o600);
    const missing = { ...zone, key: { ...key, secretFile: `${secretFile}.none` } };
    t.match(await reason(update(missing)), /ENOENT/);
  });

  await t.test('TCP is used where UDP is blocked or truncated', async (t) => {
    for (const [what, answer] of [
      ['blocked', undefined],
      ['truncated', 0xaa00],
    ] as const) {
      const relayed = await startTcpOnly(t, bind.port, answer);
      await update({ ...zone, server: { address: '127.0.0.1', port: relayed.port } });
      t.same(await addresses(), wish.addresses, what);
      t.equal(relayed.connections(), 1, what);
      await update(zone, { there: false });
    }
  });
});

t.test('a server that is not there is named', async (t) => {
  const server = createServer((socket) => socket.resume().end('?'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const secretFile = path.join(t.testdir({ secret: Buffer.alloc(32).toString('base64') }), 'secret');
  await chmod(secretFile, 0o600);
  const key = { name: 'platen', algorithm: 'hmac-sha256', secretFile };
  const zone: Zone = { zone: 'example.com', server: { address: '127.0.0.1', port }, key };
  t.match(await reason(update(zone)), /closed the connection without an answer/);
  server.close();
  await once(server, 'close');
  t.match(await reason(update(zone)), /ECONNREFUSED/);
});

t.test('who says that all is well without a signature is not believed', async (t) => {
  const udp = createSocket('udp4');
  udp.on('message', (octets, from) => {
    const answer = Buffer.alloc(12);
    octets.copy(answer, 0, 0, 2);
    answer.writeUInt16BE(0xa800, 2);
    udp.send(answer, from.port, from.address);
  });
  udp.bind(0, '127.0.0.1');
  await once(udp, 'listening');
  t.teardown(() => udp.close());
  const secretFile = path.join(t.testdir({ secret: Buffer.alloc(32).toString('base64') }), 'secret');
  await chmod(secretFile, 0o600);
  const key = { name: 'platen', algorithm: 'hmac-sha256', secretFile };
  const server = { address: '127.0.0.1', port: udp.address().port };
  t.equal(await reason(update({ zone: 'example.com', server, key })), 'the answer is not signed');
});

/** Forwards TCP; over UDP it says nothing, or only these flags. */
const startTcpOnly = async (t: Test, to: number, flags: number | undefined) => {
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    const far = connect(to, '127.0.0.1');
    for (const each of [socket, far]) each.on('error', () => {});
    socket.pipe(far).pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const udp = createSocket('udp4');
  udp.on('message', (octets, from) => {
    if (flags === undefined) return;
    const answer = Buffer.alloc(12);
    octets.copy(answer, 0, 0, 2);
    answer.writeUInt16BE(flags, 2);
    udp.send(answer, from.port, from.address);
  });
  udp.bind(port, '127.0.0.1');
  await once(udp, 'listening');
  t.teardown(() => {
    server.close();
    udp.close();
  });
  return { port, connections: () => connections };
};
