// The printers of a virtual server as the SNMP agent shows them; made anew at most four times a second, whoever walks them.

import type { Clock } from '../platform/clock.js';
import type { PrintSpooler } from '../queue/print-spooler.js';
import type { VirtualServer } from '../queue/virtual-server.js';
import { PlatenError } from '../errors.js';
import type { AgentPrinter } from '../status/printer-objects.js';

const freshMs = 250;
const agentStates = { idle: 'idle', processing: 'printing', stopped: 'stopped' } as const;

const rowsOf = (spooler: PrintSpooler): AgentPrinter[] =>
  spooler.printers.all().map((printer) => {
    const { state, reasons } = spooler.printerState(printer);
    return {
      key: printer.uuid,
      name: printer.name,
      description: printer.makeAndModel,
      state: agentStates[state],
      reasons,
      configChanges: Math.floor((printer.changed - printer.created) / 1000),
      errors: spooler.lane(printer.name).refusals,
    };
  });

export class AgentRows {
  readonly #server: VirtualServer;
  readonly #clock: Clock;
  #rows: readonly AgentPrinter[] = [];
  #made = Number.NEGATIVE_INFINITY;

  constructor(server: VirtualServer, clock: Clock) {
    this.#server = server;
    this.#clock = clock;
  }

  current(): readonly AgentPrinter[] {
    const now = this.#clock.monotonic();
    if (now - this.#made < freshMs) return this.#rows;
    this.#made = now;
    try {
      this.#rows = rowsOf(this.#server.spooler());
    } catch (error) {
      if (!(error instanceof PlatenError)) throw error;
      this.#rows = [];
    }
    return this.#rows;
  }
}
