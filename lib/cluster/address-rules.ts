// Which addresses virtual servers may have, by the back end that brings them to a node (DESIGN section 5).

import { BlockList, isIP, isIPv6 } from 'node:net';
import { canonicalAddress } from '../platform/ip-address.js';
import type { AddressRule } from './group-edits.js';

const spelled = (text: string): ReturnType<AddressRule> =>
  isIP(text) === 0 || text.includes('%')
    ? { ok: false, reason: `${JSON.stringify(text)} is no IP address` }
    : { ok: true, address: canonicalAddress(text) };

/** One machine's own, which need no privileges. */
export const loopbackRule: AddressRule = (text) => {
  const read = spelled(text);
  if (!read.ok || read.address === '::1' || read.address.startsWith('127.')) return read;
  return {
    ok: false,
    reason: `${read.address} is not in 127.0.0.0/8 and not ::1: the back end "loopback" has no other addresses`,
  };
};

const kinds: readonly (readonly [what: string, networks: readonly string[]])[] = [
  ['unspecified', ['0.0.0.0/8', '::/128']],
  ['of the loopback interface', ['127.0.0.0/8', '::1/128']],
  ['of one link only', ['fe80::/10']],
  ['a multicast address', ['224.0.0.0/4', 'ff00::/8']],
  ['a broadcast or reserved address', ['240.0.0.0/4']],
];

const unusable = kinds.map(([what, networks]) => {
  const list = new BlockList();
  for (const network of networks) {
    const [base = '', bits] = network.split('/');
    list.addSubnet(base, Number(bits), isIPv6(base) ? 'ipv6' : 'ipv4');
  }
  return { what, list };
});

/** Any that a client on the network can reach. `nodes`: node → addresses of its own. */
export const floatingRule =
  (nodes: () => ReadonlyMap<string, readonly string[]>): AddressRule =>
  (text) => {
    const read = spelled(text);
    if (!read.ok) return read;
    const { address } = read;
    const kind = unusable.find(({ list }) => list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4'));
    if (kind !== undefined) return { ok: false, reason: `${address} is ${kind.what}: clients could not reach it` };
    const owner = [...nodes()].find(([, own]) => own.includes(address))?.[0];
    return owner === undefined ? read : { ok: false, reason: `${address} is node ${owner}'s own address` };
  };
