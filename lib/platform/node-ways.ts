// How nodes of a cluster open connections to one another, and know who opened one to them: a contract, and its plain text for one machine.

import {
  Agent,
  type ClientRequest,
  createServer,
  type RequestListener,
  type RequestOptions,
  type Server,
  type ServerOptions,
} from 'node:http';
import { request } from 'node:http';
import type { Socket } from 'node:net';
import { PlatenError } from '../errors.js';

/** The way to one other node. */
export interface NodeWay {
  /** Begins a request at `address` (`scheme://host:port`). Throws `peer-failed` when the scheme is not ours. */
  open(address: string, options: RequestOptions): ClientRequest;
  close(): void;
}

export interface NodeWays {
  readonly scheme: 'http' | 'https';
  /** `keptMs`: how long a connection is kept that nobody uses; absent: one connection for each request. */
  to(node: string, keptMs?: number): NodeWay;
  /** `strangers`: what becomes of whoever proves to be no node. Operators are none: they have a token. */
  createServer(options: ServerOptions, strangers: 'refused' | 'welcome', listener?: RequestListener): Server;
  /** True when that node is at the other end; in plain text it is taken at its word. */
  isFrom(socket: Socket, node: string): boolean;
}

/** Where the address is, when it can be spoken with. */
export const placeOf = (address: string, scheme: NodeWays['scheme'], node: string): RequestOptions => {
  const { protocol, hostname, port } = new URL(address);
  if (protocol !== `${scheme}:`) {
    const why = scheme === 'https' ? 'speaks plain text' : 'wants a certificate, and this node has none (cluster.tls)';
    throw new PlatenError('peer-failed', `${node} ${why}`);
  }
  return { hostname: hostname.replace(/^\[|\]$/g, ''), port };
};

export const plainWays: NodeWays = {
  scheme: 'http',
  to: (node, keptMs) => {
    const agent = keptMs === undefined ? undefined : new Agent({ keepAlive: true, timeout: keptMs });
    return {
      open: (address, options) => request({ ...options, ...placeOf(address, 'http', node), agent: agent ?? false }),
      close: () => agent?.destroy(),
    };
  },
  createServer: (options, _strangers, listener) => createServer(options, listener),
  isFrom: () => true,
};
