// What this machine must let the supervisor do before its node may own groups (R31), in words.

import { readFileSync, writeFileSync } from 'node:fs';

/** Bit of CAP_NET_ADMIN in /proc/PID/status, capabilities(7). */
const netAdmin = 1n << 12n;

export const hasNetAdmin = (status = readFileSync('/proc/self/status', 'latin1')): boolean => {
  const [, effective = '0'] = /^CapEff:\s*([\da-f]+)$/m.exec(status) ?? [];
  return (BigInt(`0x${effective}`) & netAdmin) !== 0n;
};

const files = ['ipv4', 'ipv6'].map((family) => `/proc/sys/net/${family}/ip_nonlocal_bind`);

/** Listeners exist before their address does. Returns why that cannot be had; undefined: it is so. A machine without IPv6 has no file for it. */
export const allowNonlocalBind = (): string | undefined => {
  for (const file of files)
    try {
      if (readFileSync(file, 'latin1').trim() !== '1') writeFileSync(file, '1');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') return `${file} cannot be set to 1`;
    }
  return undefined;
};

export interface Abilities {
  readonly netAdmin: boolean;
  /** Programs that are missing, with the Debian packages that bring them. */
  readonly missing: readonly string[];
  /** The network interface that is not there. */
  readonly interface: string | undefined;
  /** Why listeners cannot exist before their address. */
  readonly bind: string | undefined;
}

/** Why the node must not own groups; undefined: it may. */
export const lackOf = ({ netAdmin: may, missing, interface: dev, bind }: Abilities): string | undefined => {
  if (missing.length > 0) return `its machine lacks ${missing.join(' and ')}`;
  if (dev !== undefined) return `its machine has no network interface ${dev}`;
  if (!may) return 'its supervisor has no CAP_NET_ADMIN';
  return bind;
};
