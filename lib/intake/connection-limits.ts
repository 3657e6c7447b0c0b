// How many connections a listener takes, in all and from one address (R59). The ones beyond are closed at once.

import type { Server, Socket } from 'node:net';

export interface ConnectionLimits {
  readonly maxConnections: number;
  readonly maxConnectionsPerAddress: number;
}

export const limitConnections = (
  server: Server,
  { maxConnections, maxConnectionsPerAddress }: ConnectionLimits,
): void => {
  const byAddress = new Map<string, number>();
  server.maxConnections = maxConnections;
  server.on('connection', (socket: Socket) => {
    const address = socket.remoteAddress ?? '';
    const count = (byAddress.get(address) ?? 0) + 1;
    byAddress.set(address, count);
    socket.once('close', () => {
      const left = (byAddress.get(address) ?? 1) - 1;
      if (left === 0) byAddress.delete(address);
      else byAddress.set(address, left);
    });
    if (count > maxConnectionsPerAddress) socket.destroy();
  });
};
