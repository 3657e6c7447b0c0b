// Connections that other nodes opened and that stand: each is closed as soon as its certificate would be accepted no longer.

import type { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import type { Clock } from '../clock.js';
import type { Credentials } from './credentials.js';

interface Proven {
  readonly node: string;
  readonly certificate: X509Certificate;
}

export class Standing {
  readonly #credentials: Credentials;
  readonly #clock: Clock;
  readonly #sockets = new Map<TLSSocket, Proven>();

  constructor(credentials: Credentials, clock: Clock) {
    this.#credentials = credentials;
    this.#clock = clock;
  }

  add(socket: TLSSocket, proven: Proven): void {
    this.#sockets.set(socket, proven);
    socket.once('close', () => this.#sockets.delete(socket));
  }

  /** The node that proved itself there; undefined when nobody did, or its certificate has ended since. */
  nodeAt(socket: TLSSocket): string | undefined {
    const proven = this.#sockets.get(socket);
    return proven !== undefined && this.#clock.wall() <= Date.parse(proven.certificate.validTo)
      ? proven.node
      : undefined;
  }

  /** Certificates or revocations have changed. */
  review(): void {
    for (const [socket, { certificate }] of this.#sockets)
      if (this.#credentials.faultOf(certificate) !== undefined) socket.destroy();
  }
}
