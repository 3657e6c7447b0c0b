// One virtual server as this node serves it: its names, the doors at its addresses, and the print spooler behind them while that is online.

import { PlatenError } from '../errors.js';
import type { PrintSpooler } from '../queue/print-spooler.js';
import type { VirtualServer } from '../queue/virtual-server.js';
import { type Bound, type DoorParts, Doors } from './doors.js';

/** Requests under way get this long when the doors of a node that stops are closed. */
const closeGraceMs = 2_000;

export class ServedGroup implements VirtualServer {
  readonly group: string;
  /** Network name and aliases. */
  names: readonly string[] = [];
  /** Undefined while it is offline. */
  online: PrintSpooler | undefined;
  readonly #parts: DoorParts;
  readonly #isWanted: () => boolean;
  readonly #doors = new Map<string, Doors>();

  /** `isWanted`: whether its print spooler should be online. */
  constructor(group: string, parts: DoorParts, isWanted: () => boolean = () => true) {
    this.group = group;
    this.#parts = parts;
    this.#isWanted = isWanted;
  }

  get bound(): readonly Bound[] {
    return [...this.#doors.values()].flatMap(({ bound }) => bound);
  }

  /** Requests and commands of clients that have not ended. */
  get underWay(): number {
    return [...this.#doors.values()].reduce((sum, { underWay }) => sum + underWay, 0);
  }

  spooler(): PrintSpooler {
    if (this.online !== undefined) return this.online;
    if (this.#isWanted()) throw new PlatenError('not-ready');
    throw new PlatenError('spooler-offline', `the print spooler of ${this.group} is offline`);
  }

  /** Resolves when everything listens there; see `Doors.open`. */
  async open(address: string, signal?: AbortSignal): Promise<void> {
    const name = this.names[0] ?? this.group;
    const doors = new Doors({ ...this.#parts, server: this, name, address });
    this.#doors.set(address, doors);
    try {
      await doors.open(signal);
    } catch (error) {
      await this.shut(address);
      throw error;
    }
  }

  /** Nothing is left there when it resolves; whatever clients have under way is cut off. */
  async shut(address: string): Promise<void> {
    await this.#doors.get(address)?.close(0);
    this.#doors.delete(address);
  }

  /** Takes nothing new; see `Doors.quiet`. */
  async quiet(): Promise<void> {
    await Promise.all([...this.#doors.values()].map((doors) => doors.quiet()));
  }

  /** Undoes `quiet`. */
  async reopen(signal: AbortSignal): Promise<void> {
    for (const doors of this.#doors.values()) if (doors.bound.length === 0) await doors.open(signal);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#doors.values()].map((doors) => doors.close(closeGraceMs)));
    this.#doors.clear();
  }
}
