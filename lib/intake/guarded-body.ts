// A request's body with its limits: time between octets, least rate, and an end with the connection (R59).

import type { Readable } from 'node:stream';
import { PlatenError } from '../errors.js';
import type { Clock } from '../platform/clock.js';

export interface BodyLimits {
  /** Longest wait for the next octets. */
  readonly idleTimeMs: number;
  /** Least octets a second, averaged over `minRateOverMs` of waiting for the client; 0: none. */
  readonly minBytesPerSecond: number;
  readonly minRateOverMs: number;
}

const lookEveryMs = 1_000;

/**
 * Yields what comes in. Only time spent waiting for the client counts, not the time that the disk or the printer takes.
 * Throws `document-incomplete` when the client is gone, too slow or silent.
 */
export async function* guardedBody(
  stream: Readable,
  { idleTimeMs, minBytesPerSecond, minRateOverMs }: BodyLimits,
  clock: Clock,
): AsyncIterable<Uint8Array> {
  let waitingSince: number | undefined = clock.monotonic();
  let waited = 0;
  let octets = 0;
  let fault: string | undefined;
  let cancelLook = clock.after(lookEveryMs, look);

  function look(): void {
    if (waitingSince !== undefined) {
      const wait = clock.monotonic() - waitingSince;
      if (wait > idleTimeMs) fault = `no data came for ${Math.round(idleTimeMs / 1000)} s`;
      else if (waited + wait > minRateOverMs && octets < ((waited + wait) / 1000) * minBytesPerSecond)
        fault = `data came more slowly than ${minBytesPerSecond} octets a second`;
    }
    if (fault === undefined) cancelLook = clock.after(lookEveryMs, look);
    else stream.destroy(new Error(fault));
  }

  try {
    // Whoever stops reading early may still want to answer on the same connection.
    for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
      const now = clock.monotonic();
      waited += now - (waitingSince ?? now);
      waitingSince = undefined;
      octets += (chunk as Uint8Array).length;
      if (waited > minRateOverMs) {
        // A new period of measurement.
        waited = 0;
        octets = 0;
      }
      yield chunk as Uint8Array;
      waitingSince = clock.monotonic();
    }
  } catch (error) {
    throw new PlatenError('document-incomplete', fault ?? 'the client went away before the end', { cause: error });
  } finally {
    cancelLook();
  }
}
