// Pure: what `ip` of iproute2 is told, and what it says of the addresses that are there.

const isIPv6 = (address: string): boolean => address.includes(':');

/** A full prefix: the address brings no route with it. */
const prefixed = (address: string): string => `${address}/${isIPv6(address) ? 128 : 32}`;

/**
 * Lines for `ip -batch`. An address that is not there is added by the same words. The kernel's own duplicate detection would keep an IPv6 address
 * from being used for a second; neither family is to be chosen as a source by others (preferred_lft 0).
 */
export const putText = (addresses: readonly string[], { dev, lifetimeS }: { dev: string; lifetimeS: number }): string =>
  addresses
    .map((address) => {
      const nodad = isIPv6(address) ? ' nodad' : '';
      return `address replace ${prefixed(address)} dev ${dev} valid_lft ${lifetimeS} preferred_lft 0${nodad}\n`;
    })
    .join('');

/** What is there before the lines that follow. */
export const showText = (dev: string): string => `address show dev ${dev}\n`;

export const removeText = (addresses: readonly string[], dev: string): string =>
  addresses.map((address) => `address del ${prefixed(address)} dev ${dev}\n`).join('');

interface AddressInfo {
  readonly local?: string;
  readonly prefixlen?: number;
  readonly valid_life_time?: number;
}

export interface Present {
  /** Of all interfaces: an address that another one has is there, too. */
  readonly addresses: ReadonlySet<string>;
  /** On `dev`, of the kind that only this program makes: a full prefix, and no more than two seconds to live. */
  readonly ours: readonly string[];
}

const longestLifetimeS = 2;

/** Reads the output of `ip -json address show`. Throws when it is none. */
export const readPresent = (json: string, dev: string): Present => {
  const links = JSON.parse(json) as readonly {
    readonly ifname?: string;
    readonly addr_info?: readonly AddressInfo[];
  }[];
  const all = links.flatMap(({ ifname, addr_info: infos = [] }) => infos.map((info) => ({ ifname, ...info })));
  const isOurs = (info: AddressInfo): boolean =>
    (info.prefixlen ?? 0) === (isIPv6(info.local ?? '') ? 128 : 32) &&
    (info.valid_life_time ?? Number.POSITIVE_INFINITY) <= longestLifetimeS;
  return {
    addresses: new Set(all.map(({ local = '' }) => local)),
    ours: all.filter((info) => info.ifname === dev && isOurs(info)).map(({ local = '' }) => local),
  };
};
