// Which names this listener answers to: a page that has its own name resolve to us gets no answer (DNS rebinding, R83).

import type { FastifyRequest } from 'fastify';
import { PlatenError } from '../errors.js';

const withoutPort = (host: string): string => host.replace(/:\d{1,5}$/, '').toLowerCase();
const isLoopback = (address: string): boolean => address === '::1' || address.startsWith('127.');

/** Lets requests pass whose Host is one of `names` or the address that the connection came in on; `localhost` on loopback. */
export const checkHost = (names: readonly string[]) => {
  const known = new Set(names.map((name) => name.toLowerCase()));
  return async ({ headers, socket }: FastifyRequest): Promise<void> => {
    const host = withoutPort(headers.host ?? '');
    if (known.has(host)) return;
    const address = socket.localAddress?.replace(/^::ffff:(?=\d+\.)/, '');
    if (address !== undefined) {
      if (host === (address.includes(':') ? `[${address}]` : address)) return;
      if (host === 'localhost' && isLoopback(address)) return;
    }
    throw new PlatenError('bad-request', 'this server does not go by the name in Host');
  };
};
