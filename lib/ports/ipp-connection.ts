// A connection to an IPP printer, plain or TLS, over which requests go one after another (HTTP keep-alive).

import { Agent } from 'node:http';
import { isIP, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls, type SecureContext, type TLSSocket } from 'node:tls';
import type { Clock } from '../platform/clock.js';
import { connectDevice, describeFailure } from './connect.js';
import { exchange, type Exchange, type ExchangeRequest } from './ipp-exchange.js';
import type { PortTarget } from './port.js';
import { reset } from './reset.js';
import type { SystemTrust } from './system-trust.js';

export type OpenedConnection =
  | { readonly ok: true; readonly connection: IppConnection }
  | { readonly ok: false; readonly reason: string };

/** Of one name look-up, all its addresses and the TLS handshake. */
const connectMs = 10_000;

/** Gives the one socket to node:http, which keeps it between requests. */
class OneSocketAgent extends Agent {
  readonly #socket: Duplex;

  constructor(socket: Duplex) {
    super({ keepAlive: true, maxSockets: 1 });
    this.#socket = socket;
  }

  override createConnection(): Duplex {
    return this.#socket;
  }
}

export interface ConnectionParts {
  readonly target: PortTarget;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly trust: SystemTrust;
}

const secure = (
  raw: Socket,
  { target, clock, signal, ms, context }: ConnectionParts & { ms: number; context: SecureContext | undefined },
): Promise<{ readonly ok: true; readonly socket: TLSSocket } | { readonly ok: false; readonly reason: string }> =>
  new Promise((resolve) => {
    const { host } = target.uri;
    const socket = connectTls({
      socket: raw,
      host,
      ...(isIP(host) === 0 ? { servername: host } : {}),
      // Printers' own certificates are self-signed and their TLS is old: unverified, this only keeps listeners out.
      ...(context
        ? { rejectUnauthorized: true, secureContext: context }
        : { rejectUnauthorized: false, minVersion: 'TLSv1', ciphers: 'DEFAULT:@SECLEVEL=0' }),
    });
    const end = (reason?: string): void => {
      cancel();
      signal.removeEventListener('abort', stop);
      socket.off('error', fail);
      socket.off('close', close);
      if (reason === undefined) return resolve({ ok: true, socket });
      socket.on('error', () => {}).destroy();
      raw.destroy();
      resolve({ ok: false, reason });
    };
    const stop = (): void => end('the attempt was given up');
    const close = (): void => end('the printer closed the connection in the TLS handshake');
    const fail = (error: Error): void => {
      const code = 'code' in error ? String(error.code) : '';
      const isUntrusted = context !== undefined && /CERT|SELF_SIGNED|UNABLE_TO|ALTNAME/.test(code);
      end(isUntrusted ? `the printer's certificate is not trusted (${code})` : `the printer ${describeFailure(error)}`);
    };
    const cancel = clock.after(ms, () => end('the printer does not answer to TLS'));
    signal.addEventListener('abort', stop, { once: true });
    socket.once('error', fail);
    socket.once('close', close);
    socket.once('secureConnect', () => end());
  });

export class IppConnection {
  readonly sourcePort: number;
  readonly #raw: Socket;
  readonly #socket: Duplex;
  readonly #agent: Agent;

  private constructor(raw: Socket, socket: Duplex) {
    this.#raw = raw;
    this.#socket = socket;
    this.#agent = new OneSocketAgent(socket);
    this.sourcePort = raw.localPort ?? 0;
    // A printer that ends its half has ended the connection: HTTP has no other meaning for it.
    raw.allowHalfOpen = false;
    raw.on('error', () => {});
    socket.on('error', () => {});
  }

  static async open(parts: ConnectionParts): Promise<OpenedConnection> {
    const { target, clock, signal } = parts;
    const { host, port, scheme } = target.uri;
    const { tlsVerify } = target.options;
    const context = scheme === 'ipps' && tlsVerify ? await parts.trust.context() : undefined;
    const started = clock.monotonic();
    const connected = await connectDevice({
      host,
      addresses: target.addresses,
      port,
      source: target.source,
      signal,
      clock,
      timeoutMs: connectMs,
    });
    if (!connected.ok || scheme !== 'ipps') return IppConnection.#opened(connected, undefined);
    const ms = Math.max(1, connectMs - (clock.monotonic() - started));
    return IppConnection.#opened(connected, await secure(connected.socket, { ...parts, ms, context }));
  }

  static #opened(
    plain: Awaited<ReturnType<typeof connectDevice>>,
    tls: Awaited<ReturnType<typeof secure>> | undefined,
  ): OpenedConnection {
    if (!plain.ok) return plain;
    if (tls?.ok === false) return tls;
    return { ok: true, connection: new IppConnection(plain.socket, tls?.socket ?? plain.socket) };
  }

  /** Whether another request may be sent. */
  get usable(): boolean {
    return !this.#socket.destroyed && this.#socket.writable && !this.#raw.destroyed && !this.#raw.readableEnded;
  }

  async exchange(request: Omit<ExchangeRequest, 'agent' | 'reset'>): Promise<Exchange> {
    return exchange({ ...request, agent: this.#agent, reset: () => this.reset() });
  }

  /** Throws away what the kernel has not sent yet. */
  reset(): void {
    if (!this.#raw.destroyed) reset(this.#raw);
    this.close();
  }

  close(): void {
    this.#agent.destroy();
    this.#socket.destroy();
    this.#raw.destroy();
  }
}
