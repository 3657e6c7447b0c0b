// A client that comes while the print spooler is loading, after a takeover as a rule, is made to wait for a moment.

import { PlatenError } from '../errors.js';
import type { Clock } from '../platform/clock.js';
import type { PrintSpooler } from '../queue/print-spooler.js';
import type { VirtualServer } from '../queue/virtual-server.js';

const stepMs = 10;

/** One that an operator took offline is as a rule soon back, too. */
const isWaitedFor = (error: unknown): boolean =>
  error instanceof PlatenError && (error.code === 'not-ready' || error.code === 'spooler-offline');

/** Throws `not-ready` or `spooler-offline` when it did not come within the time or `isOver` says so, and what else `VirtualServer.spooler` throws at once. */
export const onlineSpooler = async (
  server: VirtualServer,
  { withinMs, clock, isOver }: { withinMs: number; clock: Clock; isOver: () => boolean },
): Promise<PrintSpooler> => {
  for (const started = clock.monotonic(); ; await clock.sleep(stepMs)) {
    try {
      return server.spooler();
    } catch (error) {
      if (!isWaitedFor(error) || isOver() || clock.monotonic() - started >= withinMs) throw error;
    }
  }
};
