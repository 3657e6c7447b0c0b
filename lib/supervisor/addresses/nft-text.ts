// Pure: the fence in the kernel's packet filter, as text for `nft`. What a floating address, or a connection to a device, may send and receive
// ends at the node's deadline by itself, whatever becomes of the processes. The kernel goes on sending from an IPv6 address that was
// removed (measured), so an address has to be open as well.

import type { Fence } from './address-book.js';

export interface FencePlace {
  readonly table: string;
  /** The addresses of virtual servers are put here, and are nobody else's. */
  readonly floating: boolean;
  /** TCP ports of devices, where connections to them do not come from floating addresses. */
  readonly devicePorts: readonly number[];
}

const isIPv6 = (address: string): boolean => address.includes(':');

/** Their names in a set of inet_proto. */
const protocols = ['tcp', 'udp', 'icmp', 'ipv6-icmp'] as const;

const setsText = `  set known4 { type ipv4_addr; }
  set known6 { type ipv6_addr; }
  set open4 { type ipv4_addr; }
  set open6 { type ipv6_addr; }
  set closing4 { type ipv4_addr; }
  set closing6 { type ipv6_addr; }
  set alive { type inet_proto; flags timeout; }
`;

const chainsText = ({ table, devicePorts }: FencePlace): string => {
  const floating = (side: 'saddr' | 'daddr'): string =>
    ['4', '6']
      .map((family) => {
        const field = `${family === '4' ? 'ip' : 'ip6'} ${side}`;
        return (
          `    ${field} @known${family} ${field} != @open${family} drop\n` +
          `    ${field} @known${family} meta l4proto != @alive drop\n`
        );
      })
      .join('');
  const devices =
    devicePorts.length === 0
      ? ''
      : `    oifname != "lo" tcp dport { ${devicePorts.join(', ')} } meta l4proto != @alive drop\n`;
  return `table inet ${table} {
${setsText}  chain output {
    type filter hook output priority filter; policy accept;
${floating('saddr')}${devices}  }
  chain input {
    type filter hook input priority filter; policy accept;
${floating('daddr')}    ip daddr @closing4 tcp flags & (syn | ack) == syn drop
    ip6 daddr @closing6 tcp flags & (syn | ack) == syn drop
  }
}
`;
};

const elements = (table: string, set: string, members: readonly string[]): string =>
  members.length === 0 ? '' : `add element inet ${table} ${set} { ${members.join(', ')} }\n`;

const byFamily = (table: string, set: string, addresses: readonly string[]): string =>
  elements(
    table,
    `${set}4`,
    addresses.filter((address) => !isIPv6(address)),
  ) +
  elements(
    table,
    `${set}6`,
    addresses.filter((address) => isIPv6(address)),
  );

/** One transaction that makes the table anew: whatever an earlier life left in it goes. */
export const setUpText = (place: FencePlace): string =>
  `add table inet ${place.table}\ndelete table inet ${place.table}\n${chainsText(place)}`;

/**
 * One transaction: an element that is there already would not be given more time by adding it, so the sets are emptied and filled. Addresses that
 * were known stay so until the table goes: they may not speak when they are not open.
 */
export const fenceText = (
  { open, closing, deadline }: Fence,
  { table, floating, time }: Pick<FencePlace, 'table' | 'floating'> & { readonly time: number },
): string => {
  const leftMs = deadline === undefined ? 0 : Math.floor(deadline - time);
  const alive = leftMs < 1 ? [] : protocols.map((protocol) => `${protocol} timeout ${leftMs}ms`);
  const until = `flush set inet ${table} alive\n${elements(table, 'alive', alive)}`;
  if (!floating) return until;
  return (
    until +
    ['open4', 'open6', 'closing4', 'closing6'].map((set) => `flush set inet ${table} ${set}\n`).join('') +
    byFamily(table, 'known', open) +
    byFamily(table, 'open', open) +
    byFamily(table, 'closing', closing)
  );
};

export const tearDownText = ({ table }: Pick<FencePlace, 'table'>): string =>
  `add table inet ${table}\ndelete table inet ${table}\n`;

/** A node's name as a table's. */
export const tableOf = (node: string): string => `platen-${node.replaceAll(/[^\w-]/g, '-')}`;
