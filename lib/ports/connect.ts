// Opens a TCP connection to a device: every address of its name is tried in turn, within one bound for all.

import { lookup } from 'node:dns/promises';
import { connect, isIP, isIPv6, type Socket } from 'node:net';
import { canonicalAddress } from '../platform/ip-address.js';
import type { Clock } from '../platform/clock.js';
import type { PortSource } from './port.js';

export interface ConnectRequest {
  readonly host: string;
  /** Others that the host leads to are left out. */
  readonly addresses: readonly string[];
  readonly port: number;
  /** The connection is bound to one of its addresses; device addresses of a family that has none are left out. */
  readonly source: PortSource;
  /** This source port and no other. */
  readonly localPort?: number;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly timeoutMs: number;
}

export type Connected =
  | { readonly ok: true; readonly socket: Socket }
  /** `code` is the system's error, where there was one. */
  | { readonly ok: false; readonly reason: string; readonly code?: string };

/** How long a silent peer may hold a connection before the kernel asks whether it is there. */
const keepAliveMs = 30_000;

const sentences: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'refuses connections',
  ECONNRESET: 'reset the connection',
  EPIPE: 'reset the connection',
  EHOSTUNREACH: 'cannot be reached',
  ENETUNREACH: 'cannot be reached: there is no route to its network',
  ETIMEDOUT: 'does not answer any more',
  ENOTFOUND: 'has a name that cannot be resolved',
  EAI_AGAIN: 'has a name that cannot be resolved at the moment',
  EADDRNOTAVAIL: 'cannot be reached: the local address is not on this machine',
};

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : '');

/** What an error of a socket or a look-up says about the printer: the rest of a sentence. */
export const describeFailure = (error: unknown): string => {
  const code = codeOf(error);
  return sentences[code] ?? `cannot be talked to (${code || String(error)})`;
};

const unlessLate = <T>(work: Promise<T>, ms: number, { clock, signal }: ConnectRequest): Promise<T | undefined> =>
  new Promise((resolve, reject) => {
    const stop = (): void => resolve(undefined);
    const cancel = clock.after(ms, stop);
    signal.addEventListener('abort', stop, { once: true });
    const settled = (): void => {
      cancel();
      signal.removeEventListener('abort', stop);
    };
    void work.then(resolve, reject).finally(settled);
  });

const addressesOf = async (request: ConnectRequest): Promise<readonly string[]> => {
  const { host, timeoutMs } = request;
  if (isIP(host) !== 0) return [host];
  const found = await unlessLate(lookup(host, { all: true }), timeoutMs, request);
  return (found ?? []).map(({ address }) => address);
};

const localAddressFor = (address: string, { addresses }: PortSource): string | undefined =>
  addresses.find((own) => isIPv6(own) === isIPv6(address));

const connectTo = (address: string, ms: number, request: ConnectRequest): Promise<Connected> =>
  new Promise((resolve) => {
    const { port, source, localPort, signal, clock } = request;
    const localAddress = localAddressFor(address, source);
    const socket = connect({
      host: address,
      port,
      ...(localAddress === undefined ? {} : { localAddress }),
      ...(localPort === undefined ? {} : { localPort }),
      allowHalfOpen: true,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: keepAliveMs,
    });
    const end = (result: Connected): void => {
      cancel();
      signal.removeEventListener('abort', stop);
      socket.off('error', fail);
      if (!result.ok) socket.on('error', () => {}).destroy();
      resolve(result);
    };
    const stop = (): void => end({ ok: false, reason: 'the attempt was given up' });
    const fail = (error: Error): void =>
      end({ ok: false, reason: `the printer ${describeFailure(error)}`, code: codeOf(error) });
    const cancel = clock.after(ms, () => end({ ok: false, reason: 'the printer does not answer' }));
    signal.addEventListener('abort', stop, { once: true });
    socket.once('error', fail);
    socket.once('connect', () => end({ ok: true, socket }));
  });

const noneFits = (all: readonly string[], own: readonly string[]): string => {
  if (all.length === 0) return "the printer's name does not resolve";
  return own.length === 0
    ? `the printer's name leads to ${all.join(' and ')} now, which is not known to be its own`
    : 'no address fits the local address';
};

/** The port is held, or waits for the end of an earlier connection. */
const takenCodes: ReadonlySet<string> = new Set(['EADDRINUSE', 'EADDRNOTAVAIL', 'EACCES']);

/** From the wanted source port if that can be had. */
const connectFrom = async (address: string, ms: number, request: ConnectRequest): Promise<Connected> => {
  const wanted = request.localPort ?? request.source.port;
  if (wanted === undefined) return connectTo(address, ms, request);
  const connected = await connectTo(address, ms, { ...request, localPort: wanted });
  const isTaken = !connected.ok && takenCodes.has(connected.code ?? '');
  return isTaken && request.localPort === undefined ? connectTo(address, ms, request) : connected;
};

/** The socket is half-open, undelayed, kept alive and has no listener yet. Never rejects for the network's sake. */
export const connectDevice = async (request: ConnectRequest): Promise<Connected> => {
  const { clock, timeoutMs, source, signal } = request;
  const deadline = clock.monotonic() + timeoutMs;
  let all: readonly string[];
  try {
    all = await addressesOf(request);
  } catch (error) {
    return { ok: false, reason: `the printer ${describeFailure(error)}` };
  }
  const own = all.filter((address) => request.addresses.includes(canonicalAddress(address)));
  const fits = (address: string): boolean =>
    source.addresses.length === 0 || localAddressFor(address, source) !== undefined;
  const addresses = own.filter(fits);
  let failed: Connected = { ok: false, reason: noneFits(all, own) };
  for (const [index, address] of addresses.entries()) {
    if (signal.aborted) return { ok: false, reason: 'the attempt was given up' };
    // What is left is shared, so that one silent address does not use up the others' time.
    const share = Math.max(1, (deadline - clock.monotonic()) / (addresses.length - index));
    const connected = await connectFrom(address, share, request);
    if (connected.ok) return connected;
    failed = connected;
  }
  return failed;
};
