// One SNMPv2c GET to one device, in a session and on a source port of its own.

import { createSession, Version2c } from 'net-snmp';
import type { Session, Varbind } from 'net-snmp';
import { isIPv6 } from 'node:net';
import type { Clock } from '../platform/clock.js';
import { guardedDatagram } from './guarded-datagram.js';

export interface SnmpTarget {
  /** IP address: a name would put the resolver's waits between us and the device. */
  readonly address: string;
  readonly port: number;
  readonly community: string;
  /** Address to ask from: the group's floating address (P8). */
  readonly localAddress?: string;
}

export interface GetLimits {
  /** For each of the tries. */
  readonly timeoutMs: number;
  readonly retries: number;
  readonly clock: Clock;
  /** Ends the waiting. */
  readonly signal: AbortSignal;
}

/** What came back by name; undefined where no usable answer came in time. Never rejects: a device's silence is nothing special. */
export const snmpGet = (
  target: SnmpTarget,
  names: readonly string[],
  limits: GetLimits,
): Promise<ReadonlyMap<string, Varbind> | undefined> =>
  new Promise((resolve) => {
    const { timeoutMs, retries, clock, signal } = limits;
    if (signal.aborted) return resolve(undefined);
    let session: Session | undefined;
    let settled = false;
    const settle = (varbinds: readonly Varbind[] | undefined): void => {
      if (settled) return;
      settled = true;
      cancelBound();
      signal.removeEventListener('abort', giveUp);
      session?.close();
      resolve(varbinds && new Map(varbinds.map((varbind) => [varbind.oid, varbind])));
    };
    const giveUp = (): void => settle(undefined);
    // net-snmp's own timers start once the datagram was sent, which a failed bind prevents: this bound always holds.
    const cancelBound = clock.after(timeoutMs * (retries + 1) + timeoutMs, giveUp);
    signal.addEventListener('abort', giveUp, { once: true });
    try {
      session = openSession(target, limits, giveUp);
      session.get([...names], (error, varbinds) => settle(error ? undefined : varbinds));
    } catch {
      giveUp();
    }
  });

const openSession = (target: SnmpTarget, limits: GetLimits, failed: () => void): Session => {
  const { address, port, community, localAddress } = target;
  const session = createSession(address, community, {
    version: Version2c,
    transport: isIPv6(address) ? 'udp6' : 'udp4',
    port,
    timeout: limits.timeoutMs,
    retries: limits.retries,
    reportOidMismatchErrors: true,
    dgramModule: guardedDatagram({ address, port }, failed),
    ...(localAddress === undefined ? {} : { sourceAddress: localAddress }),
  });
  // A datagram that is no SNMP: ignored, the answer may still come.
  session.on('error', () => {});
  return session;
};
