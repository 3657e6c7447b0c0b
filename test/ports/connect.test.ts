// Where connections to devices come from.

import { createServer, type AddressInfo, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import { systemClock } from '../../lib/platform/clock.js';
import { connectDevice } from '../../lib/ports/connect.js';
import type { PortSource } from '../../lib/ports/port.js';

/** Keeps what connects to it. */
const device = async (t: Test): Promise<{ port: number; connections: Socket[] }> => {
  const connections: Socket[] = [];
  const server = createServer((socket) => connections.push(socket.on('error', () => {})));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    for (const socket of connections) socket.destroy();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, connections };
};

const connectFrom = (port: number, source: PortSource) =>
  connectDevice({
    host: '127.0.0.1',
    addresses: ['127.0.0.1'],
    port,
    source,
    signal: new AbortController().signal,
    clock: systemClock,
    timeoutMs: 5_000,
  });

const socketOf = async (t: Test, port: number, source: PortSource): Promise<Socket> => {
  const connected = await connectFrom(port, source);
  if (!connected.ok) throw new Error(connected.reason);
  t.teardown(() => connected.socket.destroy());
  return connected.socket;
};

t.test('the wanted source port is used when it can be had', async (t) => {
  const { port } = await device(t);
  const first = await socketOf(t, port, { addresses: ['127.0.0.9'] });
  const wanted = first.localPort!;
  await new Promise((resolve) => first.once('close', resolve).resetAndDestroy());
  const again = await socketOf(t, port, { addresses: ['127.0.0.9'], port: wanted });
  t.same([again.localAddress, again.localPort], ['127.0.0.9', wanted]);
});

t.test('any other does when it is taken', async (t) => {
  const { port } = await device(t);
  const first = await socketOf(t, port, { addresses: ['127.0.0.9'] });
  const second = await socketOf(t, port, { addresses: ['127.0.0.9'], port: first.localPort! });
  t.equal(second.localAddress, '127.0.0.9');
  t.not(second.localPort, first.localPort);
});

t.test(
  'of several addresses the one of the device’s family is taken; without one there is no connection',
  async (t) => {
    const { port } = await device(t);
    t.equal((await socketOf(t, port, { addresses: ['::1', '127.0.0.8'] })).localAddress, '127.0.0.8');
    t.match(await connectFrom(port, { addresses: ['::1'] }), { ok: false, reason: /no address fits/ });
  },
);
