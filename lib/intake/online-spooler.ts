// A client that comes while the print spooler is loading, after a takeover as a rule, is made to wait for a moment.

import { PlatenError } from '../errors.js';
import type { Clock } from '../platform/clock.js';
import type { PrintSpooler } from '../queue/print-spooler.js';
import type { VirtualServer } from '../queue/virtual-server.js';

const stepMs = 10;

/** Throws `not-ready` when it did not come within the time or `isOver` says so, and what else `VirtualServer.spooler` throws at once. */
export const onlineSpooler = async (
  server: VirtualServer,
  { withinMs, clock, isOver }: { withinMs: number; clock: Clock; isOver: () => boolean },
): Promise<PrintSpooler> => {
  for (const started = clock.monotonic(); ; await clock.sleep(stepMs)) {
    try {
      return server.spooler();
    } catch (error) {
      const isLoading = error instanceof PlatenError && error.code === 'not-ready';
      if (!isLoading || isOver() || clock.monotonic() - started >= withinMs) throw error;
    }
  }
};
