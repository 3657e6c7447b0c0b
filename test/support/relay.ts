// A TCP relay on loopback between a client and a server, that can swallow what is asked or what is answered.

import { connect, createServer, type Socket } from 'node:net';
import type { Test } from 'tap';

export interface Relay {
  readonly port: number;
  /** The next request is lost with its connection: before the server sees it, or instead of its answer. */
  loseNext(what: 'request' | 'answer'): void;
  /** Ends all connections and refuses new ones. */
  stop(): Promise<void>;
}

/** Passes octets between its own port and that of `url`, until the test ends. */
export const startRelay = async (t: Test, url: string): Promise<Relay> => {
  const target = new URL(url);
  const sockets = new Set<Socket>();
  let lose: 'request' | 'answer' | undefined;
  const server = createServer((near) => {
    const far = connect(Number(target.port), target.hostname);
    let losesAnswer = false;
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
      const what = lose;
      lose = undefined;
      if (what === 'request') near.destroy();
      else far.write(octets);
      losesAnswer = what === 'answer';
    });
    far.on('data', (octets) => {
      if (losesAnswer) near.destroy();
      else near.write(octets);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const stop = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  };
  t.teardown(stop);
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    loseNext: (what) => {
      lose = what;
    },
    stop,
  };
};
