// Runs one claim of a host name on one link: its timer, and the socket that it speaks through.

import type { Socket } from 'node:dgram';
import type { Clock } from '../platform/clock.js';
import type { Log } from '../platform/log.js';
import type { Message } from '../protocols/dns/message.js';
import type { HostClaim, Peer, Sending } from '../protocols/mdns/host-claim.js';

export interface ClaimRunParts {
  readonly claim: HostClaim;
  readonly voice: Socket;
  readonly everyone: Peer;
  readonly clock: Clock;
  readonly log: Log;
  /** Its state or its contest may have changed. */
  readonly onChange: () => void;
}

export class ClaimRun {
  readonly claim: HostClaim;
  readonly #parts: ClaimRunParts;
  #cancel: () => void = () => {};

  constructor(parts: ClaimRunParts) {
    this.claim = parts.claim;
    this.#parts = parts;
  }

  start(): void {
    this.#tick();
  }

  hear(message: Message, from: Peer): void {
    this.#after(this.claim.receive(message, from, this.#parts.clock.monotonic()));
  }

  /** Nothing more is said. `goodbye`: but that the name is gone. Resolves when that was sent. */
  async stop({ goodbye }: { readonly goodbye: boolean }): Promise<void> {
    this.#cancel();
    const last = this.claim.retire();
    if (goodbye) await Promise.all(last.map((sending) => this.#send(sending)));
  }

  #tick(): void {
    this.#after(this.claim.tick(this.#parts.clock.monotonic()));
  }

  #after(sendings: readonly Sending[]): void {
    const { clock, onChange } = this.#parts;
    for (const sending of sendings) void this.#send(sending);
    this.#cancel();
    const { due } = this.claim;
    this.#cancel = due === undefined ? () => {} : clock.after(Math.max(0, due - clock.monotonic()), () => this.#tick());
    onChange();
  }

  /** Whoever did not hear it asks again. */
  #send({ octets, to }: Sending): Promise<void> {
    const { voice, everyone, log, claim } = this.#parts;
    const { address, port } = to ?? everyone;
    return new Promise((resolve) => {
      voice.send(octets, port, address, (error) => {
        if (error !== null) log.debug({ err: error, name: claim.host.name }, 'a multicast DNS message was not sent');
        resolve();
      });
    });
  }
}
