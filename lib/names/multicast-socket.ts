// UDP sockets for multicast DNS: one that hears a link's group, one that speaks with a virtual server's own address. With the address goes
// the voice: the kernel sends nothing in its name where it is not.

import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { multicastPort, type Peer } from '../protocols/mdns/host-claim.js';
import type { Family, Place } from './places.js';

const groupOf = { ipv4: '224.0.0.251', ipv6: 'ff02::fb' } as const satisfies Record<Family, string>;

export type OnDatagram = (octets: Buffer, from: Peer) => void;

export interface Listening {
  readonly onDatagram: OnDatagram;
  /** The socket is of no use any more. */
  readonly onError: (error: Error) => void;
}

/** Other responders of the machine share the port. Rejects when it cannot be had. */
const bound = async (family: Family, address: string, { onDatagram, onError }: Listening): Promise<Socket> => {
  const type = family === 'ipv4' ? 'udp4' : 'udp6';
  const socket = createSocket({ type, reuseAddr: true, ipv6Only: family === 'ipv6' });
  socket.on('message', onDatagram);
  const listening = once(socket, 'listening');
  socket.bind({ address, port: multicastPort });
  try {
    await listening;
  } catch (error) {
    socket.close();
    throw error;
  }
  socket.unref();
  socket.on('error', onError);
  return socket;
};

const scoped = ({ family, interfaceName }: Place, address: string): string =>
  family === 'ipv4' ? address : `${address}%${interfaceName}`;

/** Hears what is said to everyone on the link. */
export const openEar = async (place: Place, listening: Listening): Promise<Socket> => {
  const group = groupOf[place.family];
  const socket = await bound(place.family, scoped(place, group), listening);
  try {
    socket.addMembership(group, place.family === 'ipv4' ? place.address : `::%${place.interfaceName}`);
  } catch (error) {
    socket.close();
    throw error;
  }
  return socket;
};

/** Speaks as the place's address, and hears what is said to it alone. */
export const openVoice = async (place: Place, listening: Listening): Promise<Socket> => {
  const socket = await bound(place.family, place.address, listening);
  try {
    socket.setMulticastInterface(place.family === 'ipv4' ? place.address : `::%${place.interfaceName}`);
    // RFC 6762 section 11.
    socket.setMulticastTTL(255);
    socket.setTTL(255);
  } catch (error) {
    socket.close();
    throw error;
  }
  return socket;
};

export const everyone = (place: Place): Peer => ({
  address: scoped(place, groupOf[place.family]),
  port: multicastPort,
});
