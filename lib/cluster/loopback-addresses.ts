// Which addresses virtual servers may have where the back end is `loopback`: one machine's own, which need no privileges (DESIGN section 5).

import { isIP } from 'node:net';
import { canonicalAddress } from '../platform/ip-address.js';
import type { AddressRule } from './group-edits.js';

export const loopbackRule: AddressRule = (text) => {
  if (isIP(text) === 0) return { ok: false, reason: `${JSON.stringify(text)} is no IP address` };
  const address = canonicalAddress(text);
  return address === '::1' || address.startsWith('127.')
    ? { ok: true, address }
    : {
        ok: false,
        reason: `${address} is not in 127.0.0.0/8 and not ::1: the back end "loopback" has no other addresses`,
      };
};
