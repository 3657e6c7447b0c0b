// Which addresses virtual servers may have where the back end is `loopback`: one machine's own, which need no privileges (DESIGN section 5).

import { isIP } from 'node:net';

/** `address` in its canonical spelling. */
export const loopbackFault = (address: string): string | undefined => {
  if (isIP(address) === 0) return `${JSON.stringify(address)} is no IP address`;
  return address === '::1' || address.startsWith('127.')
    ? undefined
    : `${address} is not in 127.0.0.0/8 and not ::1: the back end "loopback" has no other addresses`;
};
