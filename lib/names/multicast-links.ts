// The links on which names are published: one ear for each interface and family, and a voice for each address, shared by all names that use them.

import type { Socket } from 'node:dgram';
import { ProtocolError } from '../errors.js';
import type { Clock } from '../platform/clock.js';
import type { Log } from '../platform/log.js';
import { type ReadMessage, readMessage } from '../protocols/dns/message.js';
import type { HostClaim, Peer } from '../protocols/mdns/host-claim.js';
import { ClaimRun } from './claim-run.js';
import { everyone, openEar, openVoice } from './multicast-socket.js';
import type { Place } from './places.js';

/** RFC 6762 section 17. */
const mostOctets = 9_000;

export interface JoinOptions {
  readonly claim: HostClaim;
  readonly onChange: () => void;
  /** The link's sockets are of no use any more. */
  readonly onError: (error: Error) => void;
}

interface Shared {
  readonly socket: Promise<Socket>;
  readonly users: Set<Member>;
}

interface Member {
  run?: ClaimRun;
  readonly onError: (error: Error) => void;
}

export interface Joined {
  readonly claim: HostClaim;
  leave(options: { readonly goodbye: boolean }): Promise<void>;
}

export class MulticastLinks {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #sockets = new Map<string, Shared>();

  constructor({ clock, log }: { clock: Clock; log: Log }) {
    this.#clock = clock;
    this.#log = log;
  }

  /** Rejects when a socket cannot be had. */
  async join(place: Place, { claim, onChange, onError }: JoinOptions): Promise<Joined> {
    const member: Member = { onError };
    const { interfaceName, family, address } = place;
    const open = (key: string, opened: typeof openEar): Promise<Socket> =>
      this.#use(key, member, (hear, failed) => opened(place, { onDatagram: hear, onError: failed }), place);
    const keys = [`${interfaceName} ${family}`, `${interfaceName} ${address}`] as const;
    try {
      await open(keys[0], openEar);
      const voice = await open(keys[1], openVoice);
      const run = new ClaimRun({
        claim,
        voice,
        everyone: everyone(place),
        clock: this.#clock,
        log: this.#log,
        onChange,
      });
      member.run = run;
      run.start();
      return {
        claim,
        leave: async (options) => {
          await run.stop(options);
          for (const key of keys) this.#leave(key, member);
        },
      };
    } catch (error) {
      for (const key of keys) this.#leave(key, member);
      throw error;
    }
  }

  #use(
    key: string,
    member: Member,
    open: (hear: (octets: Buffer, from: Peer) => void, failed: (error: Error) => void) => Promise<Socket>,
    place: Place,
  ): Promise<Socket> {
    const known = this.#sockets.get(key);
    if (known !== undefined) {
      known.users.add(member);
      return known.socket;
    }
    const users = new Set([member]);
    const socket = open(
      (octets, from) => this.#hear(users, place, octets, from),
      (error) => {
        for (const user of users) user.onError(error);
      },
    );
    this.#sockets.set(key, { socket, users });
    return socket;
  }

  #leave(key: string, member: Member): void {
    const shared = this.#sockets.get(key);
    if (shared === undefined || !shared.users.delete(member) || shared.users.size > 0) return;
    this.#sockets.delete(key);
    shared.socket.then(
      (socket) => socket.close(),
      () => {},
    );
  }

  #hear(users: ReadonlySet<Member>, place: Place, octets: Buffer, from: Peer): void {
    if (octets.length > mostOctets || !place.isNear(from.address)) return;
    let message: ReadMessage;
    try {
      message = readMessage(octets);
    } catch (error) {
      if (error instanceof ProtocolError) return;
      throw error;
    }
    for (const { run } of users) run?.hear(message, from);
  }
}
