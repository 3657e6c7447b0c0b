// Whatever state a connection is in, a reset ends it: its other end cannot write to it any more.

import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { once } from 'node:events';
import t, { type Test } from 'tap';
import { reset } from '../../lib/ports/reset.js';

const connected = async (t: Test): Promise<{ near: Socket; far: Socket }> => {
  const server = createServer({ allowHalfOpen: true });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const near = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', allowHalfOpen: true });
  const [[far]] = (await Promise.all([once(server, 'connection'), once(near, 'connect')])) as [[Socket], unknown];
  t.teardown(() => far.destroy());
  return { near, far };
};

const befores: Readonly<Record<string, (socket: Socket) => void>> = {
  'that stands': () => {},
  'with octets that were not sent yet': (socket) => void socket.write(Buffer.alloc(8_000_000)),
  'whose end was asked for in the same moment': (socket) => void socket.end(),
};

for (const [what, before] of Object.entries(befores))
  t.test(`a connection ${what}`, async (t) => {
    const { near, far } = await connected(t);
    const error = new Promise<NodeJS.ErrnoException>((resolve) => far.once('error', resolve));
    before(near);
    reset(near);
    far.on('end', () => far.write('still there?'));
    far.resume();
    // A write to an end that is merely shut is taken; to one that is gone it is answered with a reset.
    far.write('?');
    t.match((await error).code, /ECONNRESET|EPIPE/);
  });
