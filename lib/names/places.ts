// Where addresses are: the interface that has them, and who else is on its link.

import { BlockList, isIPv6 } from 'node:net';
import type { NetworkInterfaceInfo } from 'node:os';

export type Family = 'ipv4' | 'ipv6';

/** A link, as one family of addresses has it. */
export interface Place {
  readonly interfaceName: string;
  readonly family: Family;
  /** The first of the addresses asked for that is there. */
  readonly address: string;
  /** Whether a host of that address is on this link; packets from elsewhere are not for us (RFC 6762 section 11). */
  readonly isNear: (address: string) => boolean;
}

export type Interfaces = NodeJS.Dict<NetworkInterfaceInfo[]>;

const familyOf = (address: string): Family => (isIPv6(address) ? 'ipv6' : 'ipv4');

/** Nobody on a network reaches these. */
export const isLoopback = (address: string): boolean => address === '::1' || address.startsWith('127.');

const nearness = (name: string, infos: readonly NetworkInterfaceInfo[], family: Family): Place['isNear'] => {
  const networks = new BlockList();
  let some = false;
  for (const { cidr, address } of infos) {
    const [base = '', bits = ''] = (cidr ?? '').split('/');
    // A floating address is the network of itself alone.
    if (familyOf(address) !== family || base === '' || ['32', '128'].includes(bits)) continue;
    networks.addSubnet(base, Number(bits), family);
    some = true;
  }
  return (text) => {
    const [address = '', scope] = text.split('%');
    if (scope !== undefined) return scope === name;
    return familyOf(address) === family && (!some || networks.check(address, family));
  };
};

/** One place for each interface and family that has any of the addresses. */
export const placesOf = (addresses: readonly string[], interfaces: Interfaces): readonly Place[] => {
  const places = new Map<string, Place>();
  for (const address of addresses)
    for (const [interfaceName, infos = []] of Object.entries(interfaces)) {
      const family = familyOf(address);
      const key = `${interfaceName} ${family}`;
      if (places.has(key) || !infos.some((info) => !info.internal && info.address === address)) continue;
      places.set(key, { interfaceName, family, address, isNear: nearness(interfaceName, infos, family) });
    }
  return [...places.values()];
};
