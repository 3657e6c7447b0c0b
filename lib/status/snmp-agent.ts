// The SNMP agent of one virtual server: SNMPv1 and SNMPv2c over UDP, read only (R88, R89). Who may not ask gets no answer, not even an error.

import { createSocket } from 'node:dgram';
import type { RemoteInfo, Socket } from 'node:dgram';
import { once } from 'node:events';
import { BlockList, isIP, isIPv6 } from 'node:net';
import { PlatenError } from '../errors.js';
import type { Clock } from '../platform/clock.js';
import type { Log } from '../platform/log.js';
import { decodeRequest } from '../protocols/snmp/message.js';
import type { SnmpRequest } from '../protocols/snmp/message.js';
import type { MibView } from './mib-view.js';
import { printerObjects } from './printer-objects.js';
import type { AgentPrinter, AgentSystem, IndexedPrinter } from './printer-objects.js';
import { answerFailure, answerRequest } from './snmp-answer.js';
import { SourceLimit } from './source-limit.js';

export interface SnmpAgentOptions {
  readonly address: string;
  /** 0: any. */
  readonly port: number;
  /** There is no default (R88). */
  readonly community: string;
  /** Networks that may ask, as `192.0.2.0/24` or `2001:db8::/32`; empty: nobody. */
  readonly allowFrom: readonly string[];
  /** sysName and sysDescr. The name is the virtual server's (P8). */
  readonly system: { readonly name: string; readonly description: string };
  readonly clock: Clock;
  readonly log: Log;
  /** The printers as they are. Asked at most every 100 ms, however many requests there are. */
  rows(): readonly AgentPrinter[];
}

/** What became of the packets that came in. */
export interface AgentCounts {
  answered: number;
  /** From elsewhere than `allowFrom`, or with another community. */
  refused: number;
  /** Over the rate of their source. */
  limited: number;
  malformed: number;
}

/** Default of R89. A manager that walks 100 printers needs about as many. */
export const requestsPerSecond = 200;
/** Thousands of printers take milliseconds to lay out: not for each request. */
const freshForMs = 100;
/** As much as we would send. */
const maxPacket = 1_472;

export class SnmpAgent {
  readonly counts: AgentCounts = { answered: 0, refused: 0, limited: 0, malformed: 0 };
  readonly #options: SnmpAgentOptions;
  readonly #community: Buffer;
  readonly #allowed: BlockList;
  readonly #limit = new SourceLimit(requestsPerSecond);
  readonly #indexes = new Map<string, number>();
  readonly #system: AgentSystem;
  #lastIndex = 0;
  #shown: { readonly since: number; readonly view: MibView } | undefined;
  #failing = false;
  #socket: Socket | undefined;

  /** Throws `bad-request` for a community or a network that cannot be used. */
  constructor(options: SnmpAgentOptions) {
    if (options.community === '') throw new PlatenError('bad-request', 'an SNMP agent needs a community');
    this.#options = options;
    this.#community = Buffer.from(options.community);
    this.#allowed = networks(options.allowFrom);
    const started = options.clock.monotonic();
    this.#system = { ...options.system, upTime: () => (options.clock.monotonic() - started) / 10 };
  }

  /** Resolves with the address once it listens; rejects with the system's error. */
  async listen(): Promise<{ readonly address: string; readonly port: number }> {
    const { address, port, log } = this.#options;
    const isV6 = isIPv6(address);
    const socket = createSocket({ type: isV6 ? 'udp6' : 'udp4', ipv6Only: isV6 });
    socket.bind(port, address);
    try {
      await once(socket, 'listening');
    } catch (error) {
      socket.close();
      throw error;
    }
    this.#socket = socket;
    socket.on('error', (error) => log.warn({ error: error.message }, 'the SNMP agent’s socket failed'));
    socket.on('message', (packet, from) => this.#onMessage(socket, packet, from));
    return socket.address();
  }

  async close(): Promise<void> {
    const socket = this.#socket;
    if (socket === undefined) return;
    this.#socket = undefined;
    socket.close();
    await once(socket, 'close');
  }

  /** The answer to one packet, or undefined where none is due. Never throws, whatever the packet is. */
  answer(packet: Buffer, source: string): Buffer | undefined {
    if (!this.#isAllowed(source)) return this.#drop('refused');
    if (!this.#limit.admits(source, this.#options.clock.monotonic())) return this.#drop('limited');
    const request = this.#decode(packet);
    if (request === undefined) return this.#drop('malformed');
    if (!this.#community.equals(request.community)) return this.#drop('refused');
    this.counts.answered += 1;
    return this.#answer(request);
  }

  #onMessage(socket: Socket, packet: Buffer, from: RemoteInfo): void {
    const answer = this.answer(packet, from.address);
    if (answer === undefined || socket !== this.#socket) return;
    // An answer that cannot be sent is lost like any datagram; the manager asks again.
    socket.send(answer, from.port, from.address, () => {});
  }

  #drop(count: keyof AgentCounts): undefined {
    this.counts[count] += 1;
  }

  #isAllowed(source: string): boolean {
    const [address = ''] = source.split('%');
    const family = isIP(address);
    return family !== 0 && this.#allowed.check(address, family === 6 ? 'ipv6' : 'ipv4');
  }

  #decode(packet: Buffer): SnmpRequest | undefined {
    if (packet.length > maxPacket) return undefined;
    try {
      return decodeRequest(packet);
    } catch {
      // Not only `ProtocolError`: nothing that a stranger sends may end the process (R90).
      return undefined;
    }
  }

  #answer(request: SnmpRequest): Buffer {
    try {
      const answer = answerRequest(request, this.#view());
      this.#failing = false;
      return answer;
    } catch (error) {
      if (!this.#failing) this.#options.log.error({ error: String(error) }, 'the SNMP agent cannot read its printers');
      this.#failing = true;
      return answerFailure(request);
    }
  }

  #view(): MibView {
    const now = this.#options.clock.monotonic();
    if (this.#shown === undefined || now - this.#shown.since >= freshForMs) {
      this.#shown = { since: now, view: printerObjects(this.#system, this.#indexed(this.#options.rows())) };
    }
    return this.#shown.view;
  }

  /** An index is kept while its printer lives and not given to another. */
  #indexed(rows: readonly AgentPrinter[]): IndexedPrinter[] {
    const alive = new Set(rows.map((row) => row.key));
    for (const key of this.#indexes.keys()) if (!alive.has(key)) this.#indexes.delete(key);
    return rows.map((row) => ({ ...row, index: this.#indexOf(row.key) })).sort((a, b) => a.index - b.index);
  }

  #indexOf(key: string): number {
    const known = this.#indexes.get(key);
    if (known !== undefined) return known;
    this.#lastIndex += 1;
    this.#indexes.set(key, this.#lastIndex);
    return this.#lastIndex;
  }
}

const networks = (allowFrom: readonly string[]): BlockList => {
  const list = new BlockList();
  for (const network of allowFrom) {
    const [address = '', prefix = ''] = network.split('/');
    const bits = isIPv6(address) ? 128 : 32;
    const length = Number(prefix);
    if (isIP(address) === 0 || !/^\d{1,3}$/.test(prefix) || length > bits) {
      throw new PlatenError('bad-request', `not a network: ${network}`);
    }
    list.addSubnet(address, length, bits === 128 ? 'ipv6' : 'ipv4');
  }
  return list;
};
