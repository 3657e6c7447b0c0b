// One group brought online: its spooler first, then whatever clients reach it by; offline in the reverse order.

import { BlockList, isIPv6 } from 'node:net';
import type { GroupConfig, Limits } from '../config.js';
import { PlatenError } from '../errors.js';
import { IppListener } from '../intake/ipp/ipp-listener.js';
import { IppService } from '../intake/ipp/ipp-service.js';
import { LpdListener } from '../intake/lpd/lpd-listener.js';
import type { Clock } from '../platform/clock.js';
import type { Log } from '../platform/log.js';
import type { PrintSpooler } from '../queue/print-spooler.js';
import type { VirtualServer } from '../queue/virtual-server.js';
import { SnmpAgent } from '../status/snmp-agent.js';
import { agentRows } from './agent-rows.js';

export interface Bound {
  readonly protocol: 'ipp' | 'lpd' | 'snmp';
  readonly address: string;
  readonly port: number;
}

interface Parts {
  readonly config: GroupConfig;
  readonly limits: Limits;
  readonly multipleOperationTimeoutMs: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly version: string;
}

/** Requests under way get this long when the listeners close. */
const closeGraceMs = 2_000;

const blockList = (networks: readonly string[]): BlockList => {
  const list = new BlockList();
  for (const network of networks) {
    const [base = '', bits] = network.split('/');
    const family = isIPv6(base) ? 'ipv6' : 'ipv4';
    if (bits === undefined) list.addAddress(base, family);
    else list.addSubnet(base, Number(bits), family);
  }
  return list;
};

export class ServedGroup implements VirtualServer {
  readonly group: string;
  readonly names: readonly string[];
  readonly bound: Bound[] = [];
  readonly #parts: Parts;
  readonly #closers: (() => Promise<void>)[] = [];
  #spooler: PrintSpooler | undefined;

  constructor(parts: Parts) {
    const { name, networkName, aliases } = parts.config;
    this.group = name;
    this.names = [...(networkName === undefined ? [] : [networkName]), ...aliases];
    this.#parts = parts;
  }

  spooler(): PrintSpooler {
    if (this.#spooler === undefined) throw new PlatenError('not-ready');
    return this.#spooler;
  }

  set online(spooler: PrintSpooler) {
    this.#spooler = spooler;
  }

  /** Resolves when everything listens; rejects when an address or a port cannot be had. */
  async listen(): Promise<void> {
    for (const address of this.#parts.config.addresses) {
      await this.#listenIpp(address);
      await this.#listenLpd(address);
      await this.#listenSnmp(address);
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#closers.map((close) => close()));
  }

  async #listenIpp(address: string): Promise<void> {
    const { config, limits, multipleOperationTimeoutMs, clock, log } = this.#parts;
    const operators = blockList(config.ipp.operatorsFrom);
    const service = new IppService({
      server: this,
      limits: {
        messageOctets: limits.attributeBytes,
        attributes: limits.maxAttributes,
        values: limits.maxAttributeValues,
        collectionDepth: limits.maxCollectionDepth,
      },
      decompression: {
        ratio: limits.decompressionRatio,
        freeBytes: limits.decompressionFreeBytes,
      },
      maxDocumentsPerJob: limits.maxDocumentsPerJob,
      multipleOperationTimeoutMs,
      isOperatorAddress: (client) => operators.check(client, isIPv6(client) ? 'ipv6' : 'ipv4'),
      clock,
      log,
    });
    const listener = new IppListener({ server: this, service, limits, clock, log });
    const port = await listener.listen({ host: address, port: config.ipp.port });
    this.bound.push({ protocol: 'ipp', address, port });
    this.#closers.push(() => listener.close(closeGraceMs));
  }

  async #listenLpd(address: string): Promise<void> {
    const { config, limits, clock, log } = this.#parts;
    const listener = new LpdListener({ server: this, limits, clock, log });
    this.#closers.push(() => listener.close(closeGraceMs));
    for (const wanted of config.lpd.ports) {
      const port = await listener.listen({ host: address, port: wanted });
      this.bound.push({ protocol: 'lpd', address, port });
    }
    for (const wanted of config.lpd.optionalPorts) {
      try {
        const port = await listener.listen({ host: address, port: wanted });
        this.bound.push({ protocol: 'lpd', address, port });
      } catch (error) {
        log.warn(
          { address, port: wanted, code: (error as NodeJS.ErrnoException).code },
          'an optional LPD port cannot be had',
        );
      }
    }
  }

  async #listenSnmp(address: string): Promise<void> {
    const { config, clock, log, version } = this.#parts;
    const { community, port, allowFrom } = config.snmp;
    if (community === undefined) return;
    const agent = new SnmpAgent({
      address,
      port,
      community,
      allowFrom,
      system: { name: config.networkName ?? config.name, description: `Platen ${version} print server` },
      clock,
      log,
      rows: () => agentRows(this),
    });
    const bound = await agent.listen();
    this.bound.push({ protocol: 'snmp', ...bound });
    this.#closers.push(() => agent.close());
  }
}
