// The printers of a virtual server as its SNMP agent shows them: oldest first, so that indexes do not move when one is added.

import { PlatenError } from '../errors.js';
import type { PrintSpooler } from '../queue/print-spooler.js';
import type { VirtualServer } from '../queue/virtual-server.js';
import type { AgentPrinter } from '../status/printer-objects.js';

const agentStates = { idle: 'idle', processing: 'printing', stopped: 'stopped' } as const;

const rowsOf = (spooler: PrintSpooler): AgentPrinter[] =>
  [...spooler.printers.all()]
    .sort((a, b) => a.created - b.created)
    .map((printer) => {
      const { state, reasons } = spooler.printerState(printer);
      return {
        key: printer.uuid,
        name: printer.name,
        description: printer.makeAndModel,
        state: agentStates[state],
        reasons,
        configChanges: Math.floor(printer.changed / 1000),
        errors: spooler.lane(printer.name).refusals,
      };
    });

/** No rows while the spooler is not online. */
export const agentRows = (server: VirtualServer): AgentPrinter[] => {
  try {
    return rowsOf(server.spooler());
  } catch (error) {
    if (error instanceof PlatenError) return [];
    throw error;
  }
};
