// The ways in at one address of a virtual server: IPP, LPD and SNMP. Opened and closed together.

import { BlockList, isIPv6 } from 'node:net';
import type { Limits } from '../config.js';
import { IppListener } from '../intake/ipp/ipp-listener.js';
import { IppService } from '../intake/ipp/ipp-service.js';
import { LpdListener } from '../intake/lpd/lpd-listener.js';
import type { GroupServices } from '../model/cluster.js';
import type { Clock } from '../platform/clock.js';
import type { Log } from '../platform/log.js';
import type { VirtualServer } from '../queue/virtual-server.js';
import { SnmpAgent } from '../status/snmp-agent.js';
import { agentRows } from './agent-rows.js';

export interface Bound {
  readonly protocol: 'ipp' | 'lpd' | 'snmp';
  readonly address: string;
  readonly port: number;
}

export interface DoorParts {
  readonly services: GroupServices;
  readonly limits: Limits;
  readonly multipleOperationTimeoutMs: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly version: string;
  /** Told when something that clients had under way has ended. */
  readonly onEnd?: () => void;
}

interface Place extends DoorParts {
  readonly server: VirtualServer;
  /** sysName. */
  readonly name: string;
  readonly address: string;
}

/** How long the port of an owner that is gone may still be taken (back end `loopback`). */
const takenForMs = 3_000;
const takenPauseMs = 5;

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

export class Doors {
  readonly bound: Bound[] = [];
  readonly #place: Place;
  readonly #ipp: IppListener;
  readonly #lpd: LpdListener;
  #agent: SnmpAgent | undefined;

  constructor(place: Place) {
    this.#place = place;
    const { server, limits, clock, log, onEnd } = place;
    const told = onEnd === undefined ? {} : { onEnd };
    this.#ipp = new IppListener({ server, service: this.#ippService(), limits, clock, log, ...told });
    this.#lpd = new LpdListener({ server, limits, clock, log, ...told });
  }

  /** Requests and commands of clients that have not ended. */
  get underWay(): number {
    return this.#ipp.underWay + this.#lpd.underWay;
  }

  /**
   * Resolves when everything listens; rejects with the system's error when a port cannot be had. With `signal`, a port that is taken is
   * waited for: its last owner may not be quite gone.
   */
  async open(signal?: AbortSignal): Promise<void> {
    const { services, address, log } = this.#place;
    await this.#listen('ipp', services.ipp.port, signal);
    for (const port of services.lpd.ports) await this.#listen('lpd', port, signal);
    for (const port of services.lpd.optionalPorts)
      await this.#listen('lpd', port).catch((error: NodeJS.ErrnoException) =>
        log.warn({ address, port, code: error.code }, 'an optional LPD port cannot be had'),
      );
    await this.#listenSnmp(signal);
  }

  /**
   * Takes nothing new, and resolves when all that are idle have been sent home; what is under way goes on. `reopen` undoes it. `listens`: the
   * ports are kept, since the kernel lets nobody connect.
   */
  async quiet(how: { readonly listens: boolean }): Promise<void> {
    const agent = how.listens ? undefined : this.#agent;
    if (!how.listens) {
      this.bound.length = 0;
      this.#agent = undefined;
    }
    await Promise.all([this.#ipp.quiet(how), this.#lpd.quiet(how), agent?.close()]);
  }

  async reopen(signal: AbortSignal): Promise<void> {
    if (this.bound.length === 0) await this.open(signal);
    else this.#ipp.resume();
  }

  /** Resolves when nothing is left; what is under way gets `graceMs` to end. */
  async close(graceMs: number): Promise<void> {
    this.bound.length = 0;
    await Promise.all([this.#ipp.close(graceMs), this.#lpd.close(graceMs), this.#agent?.close()]);
    this.#agent = undefined;
  }

  async #listen(protocol: 'ipp' | 'lpd', wanted: number, signal?: AbortSignal): Promise<void> {
    const { address } = this.#place;
    const listener = protocol === 'ipp' ? this.#ipp : this.#lpd;
    const port = await this.#patiently(() => listener.listen({ host: address, port: wanted }), signal);
    this.bound.push({ protocol, address, port });
  }

  async #listenSnmp(signal?: AbortSignal): Promise<void> {
    const { services, address, name, server, clock, log, version } = this.#place;
    const { community, port, allowFrom } = services.snmp;
    if (community === undefined) return;
    const agent = new SnmpAgent({
      address,
      port,
      community,
      allowFrom,
      system: { name, description: `Platen ${version} print server` },
      clock,
      log,
      rows: () => agentRows(server),
    });
    const bound = await this.#patiently(() => agent.listen(), signal);
    this.#agent = agent;
    this.bound.push({ protocol: 'snmp', ...bound });
  }

  async #patiently<T>(listen: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    const { clock } = this.#place;
    const until = clock.monotonic() + takenForMs;
    for (;;) {
      try {
        return await listen();
      } catch (error) {
        const isTaken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
        if (!isTaken || signal?.aborted !== false || clock.monotonic() > until) throw error;
      }
      await clock.sleep(takenPauseMs, signal);
    }
  }

  #ippService(): IppService {
    const { server, services, limits, multipleOperationTimeoutMs, clock, log } = this.#place;
    const operators = blockList(services.ipp.operatorsFrom);
    return new IppService({
      server,
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
  }
}
