// Kept connections to one other node. When certificates change new requests get new connections; what is under way on old ones ends there.

import { Agent } from 'node:https';
import type { Socket } from 'node:net';
import { type SecureContext, TLSSocket } from 'node:tls';
import type { Credentials } from './credentials.js';

export class RenewedAgent {
  readonly #credentials: Credentials;
  readonly #keptMs: number | undefined;
  readonly #forget: () => void;
  #agent: Agent;

  /** Without `keptMs` connections are kept until the other end closes them. */
  constructor(credentials: Credentials, keptMs?: number) {
    this.#credentials = credentials;
    this.#keptMs = keptMs;
    this.#agent = this.#newAgent();
    this.#forget = credentials.onChange(() => this.#renew());
  }

  /** For one request, made at once. */
  get options(): { readonly agent: Agent; readonly secureContext: SecureContext } {
    return { agent: this.#agent, secureContext: this.#credentials.material.context };
  }

  close(): void {
    this.#forget();
    this.#agent.destroy();
  }

  #newAgent(): Agent {
    const timeout = this.#keptMs === undefined ? {} : { timeout: this.#keptMs };
    // A resumed session would go on with the certificates of the first one.
    return new Agent({ keepAlive: true, keepAliveMsecs: 1_000, maxCachedSessions: 0, ...timeout });
  }

  #renew(): void {
    const old = this.#agent;
    this.#agent = this.#newAgent();
    old.maxFreeSockets = 0;
    for (const socket of socketsOf(old.freeSockets)) socket.destroy();
    for (const socket of socketsOf(old.sockets)) {
      const certificate = socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined;
      const fault = certificate && this.#credentials.faultOf(certificate);
      if (fault !== undefined) socket.destroy(new Error(`the certificate ${fault}`));
    }
  }
}

const socketsOf = (lists: NodeJS.ReadOnlyDict<readonly Socket[]>): Socket[] =>
  Object.values(lists).flatMap((list) => list ?? []);
