// A group as its clients see it: whom listeners and operators talk to, whether or not the print spooler is online just now.

import type { PrintSpooler } from './print-spooler.js';

export interface VirtualServer {
  readonly group: string;
  /** Network name and aliases, lower case; empty when clients know addresses only. */
  readonly names: readonly string[];
  /** Throws `not-ready` while the spooler is loading, `spooler-offline` when it should not be online, `not-owner` when the group is not here. */
  spooler(): PrintSpooler;
}
