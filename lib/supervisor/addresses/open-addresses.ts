// Builds what the configured back end needs (DESIGN section 5).

import { existsSync } from 'node:fs';
import type { ClusterConfig } from '../../config.js';
import { usualDevicePorts } from '../../model/device-uri.js';
import type { Clock } from '../../platform/clock.js';
import type { Log } from '../../platform/log.js';
import { allowNonlocalBind, hasNetAdmin, lackOf } from './abilities.js';
import { newBook } from './address-book.js';
import { type Addresses, noAddresses, unableAddresses } from './addresses.js';
import { Announcer } from './announcer.js';
import { KernelAddresses } from './kernel-addresses.js';
import { KernelCommands } from './kernel-commands.js';
import { Neighbours } from './neighbours.js';
import { tableOf } from './nft-text.js';
import { findProgram, runProgram } from './programs.js';

export interface AddressSurroundings {
  readonly node: string;
  readonly cluster: Pick<ClusterConfig, 'backEnd' | 'interface' | 'fencing'>;
  readonly devicePorts: readonly number[];
  /** CLOCK_MONOTONIC. */
  readonly clock: Clock;
  readonly log: Log;
}

const packages = { ip: 'iproute2', nft: 'nftables', arping: 'iputils-arping', perl: 'perl' } as const;

const lacking = (found: Readonly<Partial<Record<keyof typeof packages, string | undefined>>>): readonly string[] =>
  Object.entries(found).flatMap(([name, file]) =>
    file === undefined ? [`${name} (Debian's ${packages[name as keyof typeof packages]})`] : [],
  );

export const openAddresses = (around: AddressSurroundings): Addresses => {
  const { backEnd, interface: dev = '', fencing } = around.cluster;
  if (backEnd === 'loopback') return noAddresses;
  const [ip, nft, arping, perl] = [findProgram('ip'), findProgram('nft'), findProgram('arping'), findProgram('perl')];
  const isSoft = fencing === 'soft';
  const puts = backEnd === 'linux';
  const needed = { ...(puts ? { ip, arping, perl } : {}), ...(isSoft ? {} : { nft }) };
  const lack = lackOf({
    netAdmin: hasNetAdmin(),
    missing: lacking(needed),
    interface: !puts || existsSync(`/sys/class/net/${dev}`) ? undefined : dev,
    bind: puts ? allowNonlocalBind() : undefined,
  });
  if (lack !== undefined && !isSoft) return unableAddresses(lack);
  if (lack !== undefined) {
    around.log.warn({ lack }, 'this node is not fenced by its kernel, and puts no addresses');
    return noAddresses;
  }
  const { node, devicePorts, clock, log } = around;
  const run = runProgram;
  const fence = {
    table: tableOf(node),
    floating: puts,
    devicePorts: puts || isSoft ? [] : [...new Set([...usualDevicePorts, ...devicePorts])],
  };
  const neighbours = new Neighbours({ dev, run, arping: arping ?? '', perl: perl ?? '' });
  return new KernelAddresses({
    commands: new KernelCommands({ run, dev: puts ? dev : undefined, ip, nft, clock, fence }),
    book: newBook({ puts, fences: nft !== undefined, time: clock.monotonic() }),
    clock,
    log,
    announcer: (onForeign) => (puts ? new Announcer({ neighbours, clock, log, onForeign }) : undefined),
    probe: (address) => (puts ? neighbours.probe(address) : Promise.resolve(undefined)),
  });
};
