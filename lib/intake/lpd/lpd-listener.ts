// The LPD listener of one virtual server (RFC 1179): connections and their limits.

import { createServer, type Server, type Socket } from 'node:net';
import type { Clock } from '../../platform/clock.js';
import type { Log } from '../../platform/log.js';
import type { VirtualServer } from '../../queue/virtual-server.js';
import { type ConnectionLimits, limitConnections } from '../connection-limits.js';
import { listenOn, quietMs } from '../listen.js';
import { ClientSocket } from './client-socket.js';
import { LpdConnection, type LpdLimits } from './lpd-connection.js';

export interface LpdListenerParts {
  readonly server: VirtualServer;
  readonly limits: LpdLimits & ConnectionLimits;
  readonly clock: Clock;
  readonly log: Log;
  /** Told when a connection has ended. */
  readonly onEnd?: () => void;
}

/** Octets that a connection may have waiting in memory. */
const bufferedOctets = 256 << 10;

export class LpdListener {
  readonly #parts: LpdListenerParts;
  readonly #servers = new Set<Server>();
  readonly #connections = new Map<LpdConnection, { readonly client: ClientSocket; readonly served: Promise<void> }>();

  constructor(parts: LpdListenerParts) {
    this.#parts = parts;
  }

  /** Resolves with the port when it listens; may be called again for further addresses. */
  async listen({ host, port }: { host: string; port: number }): Promise<number> {
    const listener = createServer({
      allowHalfOpen: true,
      noDelay: true,
      keepAlive: true,
      highWaterMark: bufferedOctets,
    });
    limitConnections(listener, this.#parts.limits);
    listener.on('connection', (socket) => this.#accept(socket));
    const bound = await listenOn(listener, { host, port });
    listener.on('error', (error) => this.#parts.log.error({ err: error }, 'the LPD listener reported an error'));
    this.#servers.add(listener);
    return bound;
  }

  /** Connections with a command under way. */
  get underWay(): number {
    return [...this.#connections.keys()].filter(({ isIdle }) => !isIdle).length;
  }

  /**
   * Takes no more connections; resolves when each that is there has ended, or will with what is under way. May be followed by `listen`.
   * `listens`: the kernel lets nobody connect any more, so the ports are kept.
   */
  async quiet({ listens }: { readonly listens: boolean }): Promise<void> {
    if (!listens) {
      for (const listener of this.#servers) listener.close();
      this.#servers.clear();
    }
    await this.#parts.clock.sleep(quietMs);
    for (const connection of this.#connections.keys()) connection.finish();
  }

  /** Takes no more connections; jobs under way get `graceMs` to end, and what they left unfinished is removed. */
  async close(graceMs: number): Promise<void> {
    const closed = [...this.#servers].map(
      (listener) => new Promise<void>((resolve) => listener.close(() => resolve())),
    );
    const cancel = this.#parts.clock.after(graceMs, () => {
      for (const { client } of this.#connections.values()) client.destroy();
    });
    for (const connection of this.#connections.keys()) connection.finish();
    await Promise.all([...this.#connections.values()].map(({ served }) => served));
    await Promise.all(closed);
    cancel();
  }

  #accept(socket: Socket): void {
    const { clock } = this.#parts;
    const client = new ClientSocket(socket, clock);
    const connection = new LpdConnection({ ...this.#parts, client });
    const served = connection.serve().finally(() => {
      this.#connections.delete(connection);
      this.#parts.onEnd?.();
    });
    this.#connections.set(connection, { client, served });
  }
}
