// One spelling for each IP address, so that two uses of one device or address are seen to be so (R48); and what a network looks like.

import { isIP, isIPv6 } from 'node:net';

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

export const networkRule = 'expected a network such as 192.0.2.0/24, or an address';

/** `192.0.2.0/24`, or one address. */
export const isNetwork = (text: string): boolean => {
  const [base = '', length, more] = text.split('/');
  if (isIP(base) === 0 || more !== undefined) return false;
  return length === undefined || (/^\d{1,3}$/.test(length) && Number(length) <= (isIPv6(base) ? 128 : 32));
};
