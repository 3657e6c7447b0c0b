// One spelling for each address, so that two printers on one device are seen to be on one device (R48).

import { isIPv6 } from 'node:net';

const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/;

/** `address`: an IP address as people or resolvers write it. IPv6 comes out as RFC 5952 has it, an IPv4-mapped one as IPv4. */
export const canonicalAddress = (address: string): string => {
  if (!isIPv6(address) || address.includes('%')) return address;
  const text = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [, high, low] = mapped.exec(text) ?? [];
  if (high === undefined || low === undefined) return text;
  const words = [high, low].map((word) => Number.parseInt(word, 16));
  return words.flatMap((word) => [word >> 8, word & 255]).join('.');
};
