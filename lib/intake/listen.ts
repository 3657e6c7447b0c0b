// Makes a server listen; may be tried again after a failure.

import type { AddressInfo, Server } from 'node:net';

/** What a client that has just connected gets to send its request, when a listener goes quiet. */
export const quietMs = 30;

/** Resolves with the port; rejects with the system's error. */
export const listenOn = (server: Server, { host, port }: { host: string; port: number }): Promise<number> =>
  new Promise((resolve, reject) => {
    const forget = (): void => {
      server.off('error', failed);
      server.off('listening', listens);
    };
    const failed = (error: Error): void => {
      forget();
      reject(error);
    };
    const listens = (): void => {
      forget();
      resolve((server.address() as AddressInfo).port);
    };
    server.once('error', failed);
    server.once('listening', listens);
    server.listen({ host, port, backlog: 1024 });
  });
