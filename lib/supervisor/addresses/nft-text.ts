// Pure: the fence in the kernel's packet filter, as text for `nft`. What a floating address, or a connection to a device, may send and receive
// ends at the node's deadline by itself, whatever becomes of the processes, and so does what ARP says of the address. The kernel goes on
// sending from an IPv6 address that was removed, and keeps any address for longer than its lifetime where others have lifetimes too
// (measured): the lifetime alone is no fence.

import type { Fence } from './address-book.js';

export interface FencePlace {
  /** Of the families inet and arp. */
  readonly table: string;
  /** The addresses of virtual servers are put here, and are nobody else's. */
  readonly floating: boolean;
  /** TCP ports of devices, where connections to them do not come from floating addresses. */
  readonly devicePorts: readonly number[];
}

const isIPv6 = (address: string): boolean => address.includes(':');

const floatingText = (table: string): string => {
  const unless = (field: string, family: 4 | 6): string =>
    `    ${field} @known${family} ${field} != @open${family} drop\n`;
  const sets = ([4, 6] as const).map((family) => {
    const type = `type ipv${family}_addr;`;
    return `  set known${family} { ${type} }
  set open${family} { ${type} flags timeout; }
  set closing${family} { ${type} }
`;
  });
  return `table inet ${table} {
${sets.join('')}  chain output {
    type filter hook output priority filter; policy accept;
${unless('ip saddr', 4)}${unless('ip6 saddr', 6)}  }
  chain input {
    type filter hook input priority filter; policy accept;
${unless('ip daddr', 4)}${unless('ip6 daddr', 6)}    ip daddr @closing4 tcp flags & (syn | ack) == syn drop
    ip6 daddr @closing6 tcp flags & (syn | ack) == syn drop
  }
}
table arp ${table} {
  set known4 { type ipv4_addr; }
  set open4 { type ipv4_addr; flags timeout; }
  chain output {
    type filter hook output priority filter; policy accept;
${unless('arp saddr ip', 4)}  }
}
`;
};

const devicesText = (table: string, ports: readonly number[]): string =>
  `table inet ${table} {
  set ports { type inet_service; flags timeout; }
  chain to_devices {
    type filter hook output priority filter; policy accept;
    oifname != "lo" tcp dport { ${ports.join(', ')} } tcp dport != @ports drop
  }
}
`;

const families = ({ floating }: FencePlace): readonly string[] => (floating ? ['inet', 'arp'] : ['inet']);

const tearDown = (family: string, table: string): string =>
  `add table ${family} ${table}\ndelete table ${family} ${table}\n`;

/** One transaction: nothing of it is left. */
export const tearDownText = (place: FencePlace): string =>
  families(place)
    .map((family) => tearDown(family, place.table))
    .join('');

/** One transaction that makes the tables anew: whatever an earlier life left in them goes. */
export const setUpText = (place: FencePlace): string => {
  const { table, floating, devicePorts } = place;
  return (
    tearDownText(place) +
    families(place)
      .map((family) => `add table ${family} ${table}\n`)
      .join('') +
    (floating ? floatingText(table) : '') +
    (devicePorts.length > 0 ? devicesText(table, devicePorts) : '')
  );
};

/**
 * One transaction: an element that is there already would not be given more time by adding it, so the sets are emptied and filled. Addresses that
 * were known stay so until the table goes: they may not speak when they are not open.
 */
export const fenceText = (
  { open, closing, deadline }: Fence,
  place: FencePlace & { readonly time: number },
): string => {
  const { table, floating, devicePorts, time } = place;
  const leftMs = deadline === undefined ? 0 : Math.floor(deadline - time);
  const filled = (family: string, set: string, members: readonly (string | number)[]): string =>
    members.length === 0 ? '' : `add element ${family} ${table} ${set} { ${members.join(', ')} }\n`;
  const timed = (members: readonly (string | number)[]): readonly string[] =>
    leftMs < 1 ? [] : members.map((member) => `${member} timeout ${leftMs}ms`);
  const emptied = (family: string, set: string): string => `flush set ${family} ${table} ${set}\n`;
  const addresses = ([4, 6] as const).map((family) => {
    const [opened, closed] = [open, closing].map((all) => all.filter((each) => isIPv6(each) === (family === 6)));
    return (
      emptied('inet', `open${family}`) +
      emptied('inet', `closing${family}`) +
      filled('inet', `known${family}`, opened ?? []) +
      filled('inet', `open${family}`, timed(opened ?? [])) +
      filled('inet', `closing${family}`, closed ?? [])
    );
  });
  const four = open.filter((each) => !isIPv6(each));
  const arp = emptied('arp', 'open4') + filled('arp', 'known4', four) + filled('arp', 'open4', timed(four));
  const ports = emptied('inet', 'ports') + filled('inet', 'ports', open.length === 0 ? [] : timed(devicePorts));
  return (floating ? addresses.join('') + arp : '') + (devicePorts.length > 0 ? ports : '');
};

/** A node's name as a table's. */
export const tableOf = (node: string): string => `platen-${node.replaceAll(/[^\w-]/g, '-')}`;
