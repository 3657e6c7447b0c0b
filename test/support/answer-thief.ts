// A TCP relay between a client and a server that keeps one answer to itself: the client sees its connection break instead.

import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import type { TestScope } from './peers.js';

export interface AnswerThief {
  readonly port: number;
  /** The next answer to a request of at least so many octets is kept; resolves when it is there, with what breaks its client's connection. */
  steal(octets: number): Promise<() => void>;
}

interface Wanted {
  readonly octets: number;
  readonly onStolen: (breakOff: () => void) => void;
}

export const startAnswerThief = async (
  scope: TestScope,
  target: { readonly host: string; readonly port: number },
): Promise<AnswerThief> => {
  const sockets = new Set<Socket>();
  let wanted: Wanted | undefined;
  const server = createServer({ noDelay: true, allowHalfOpen: true }, (near) => {
    const far = connect({ ...target, noDelay: true, allowHalfOpen: true });
    let asked = 0;
    let isStolen = false;
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.once('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
    near.on('data', (octets) => {
      asked += octets.length;
      far.write(octets);
    });
    far.on('data', (octets) => {
      if (wanted !== undefined && asked >= wanted.octets) {
        wanted.onStolen(() => near.resetAndDestroy());
        wanted = undefined;
        isStolen = true;
      }
      if (!isStolen) near.write(octets);
    });
    near.on('end', () => far.end());
    // A server that closes its side after the answer learns nothing from that.
    far.on('end', () => {
      if (!isStolen) near.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  scope.teardown(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return {
    port: (server.address() as AddressInfo).port,
    steal: (octets) => new Promise((resolve) => (wanted = { octets, onStolen: resolve })),
  };
};
