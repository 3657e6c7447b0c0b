// The UDP socket under net-snmp's sessions. net-snmp checks request-id, version and community of an answer but neither where it comes from
// nor, for SNMPv3 headers, that its own parser survives it; so a datagram from elsewhere or of an odd size is dropped here and no exception escapes (R44, R90).

import { createSocket } from 'node:dgram';
import type { RemoteInfo, Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';

/** Answers to what we ask are far smaller. */
const maxAnswer = 4_096;

export interface Peer {
  /** IP address. */
  readonly address: string;
  readonly port: number;
}

/** What net-snmp uses of node:dgram's `Socket`. */
class GuardedSocket {
  readonly #socket: Socket;
  readonly #peer: Peer;
  readonly #failed: (error: Error) => void;

  constructor(socket: Socket, peer: Peer, failed: (error: Error) => void) {
    this.#socket = socket;
    this.#peer = peer;
    this.#failed = failed;
    socket.on('error', failed);
  }

  on(event: string, listener: (...values: unknown[]) => void): this {
    if (event === 'message') this.#socket.on('message', (packet, from) => this.#receive(packet, from, listener));
    if (event === 'close') this.#socket.on('close', listener);
    return this;
  }

  #receive(packet: Buffer, from: RemoteInfo, listener: (packet: Buffer) => void): void {
    if (from.port !== this.#peer.port || !isSameAddress(from.address, this.#peer.address)) return;
    if (packet.length > maxAnswer) return;
    try {
      listener(packet);
    } catch (error) {
      this.#failed(error instanceof Error ? error : new Error(String(error)));
    }
  }

  bind(port: number | undefined, address: string | undefined): void {
    this.#socket.bind(port ?? 0, address);
  }

  send(
    packet: Buffer,
    offset: number,
    length: number,
    port: number,
    address: string,
    sent: (error: Error | null, octets: number) => void,
  ): void {
    this.#socket.send(packet, offset, length, port, address, sent);
  }

  ref(): void {
    this.#socket.ref();
  }

  unref(): void {
    this.#socket.unref();
  }

  close(): void {
    this.#socket.close();
  }
}

/** IPv6 has many spellings of one address; a zone is the sender's own word. */
const isSameAddress = (a: string, b: string): boolean => a === b || (isIPv6(b) && canonical(a) === canonical(b));

const canonical = (address: string): string => {
  const [bare = ''] = address.split('%');
  return new URL(`http://[${bare}]`).hostname;
};

/** To be given to net-snmp as `dgramModule`. `failed` hears the socket's errors and what the parser threw. */
export const guardedDatagram = (peer: Peer, failed: (error: Error) => void) => ({
  createSocket: (type: 'udp4' | 'udp6') => new GuardedSocket(createSocket(type), peer, failed),
});
