// Which virtual server a request means.

import { PlatenError } from '../errors.js';
import type { PrintSpooler } from '../queue/print-spooler.js';
import type { VirtualServer } from '../queue/virtual-server.js';

export class Groups {
  readonly all: readonly VirtualServer[];

  constructor(servers: readonly VirtualServer[]) {
    this.all = servers;
  }

  /** The spooler of the group named, or of the only one. Throws `not-found`, `bad-request`, and what `VirtualServer.spooler` throws. */
  spooler(group: string | undefined): PrintSpooler {
    return this.#choose(group).spooler();
  }

  find(group: string): VirtualServer | undefined {
    return this.all.find((server) => server.group === group);
  }

  #choose(group: string | undefined): VirtualServer {
    const names = this.all.map((server) => server.group).join(', ');
    if (group !== undefined) {
      const server = this.find(group);
      if (server === undefined) throw new PlatenError('not-found', `there is no group ${group}; groups: ${names}`);
      return server;
    }
    const [only, ...others] = this.all;
    if (only === undefined) throw new PlatenError('not-found', 'this node has no group');
    if (others.length > 0)
      throw new PlatenError('bad-request', `name one of the groups (--group, or ?group= over REST): ${names}`);
    return only;
  }
}

/** Whether the group prints here just now, and why not. */
export const onlineSpooler = (
  server: VirtualServer,
): { readonly spooler: PrintSpooler } | { readonly spooler: undefined; readonly reason: string } => {
  try {
    return { spooler: server.spooler() };
  } catch (error) {
    if (!(error instanceof PlatenError)) throw error;
    return { spooler: undefined, reason: error.message };
  }
};
