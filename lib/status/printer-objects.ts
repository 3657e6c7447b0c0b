// The objects that the agent shows: system (RFC 3418), hrDevice and hrPrinter (RFC 2790), prtGeneral and prtLocalization (RFC 3805).

import type { Oid } from '../protocols/snmp/ber.js';
import type { SnmpValue } from '../protocols/snmp/message.js';
import { MibView, parseOid, scalar } from './mib-view.js';
import type { Column } from './mib-view.js';
import { printerStatusOf } from './printer-mib.js';

/** A printer as the agent shows it: a snapshot. */
export interface AgentPrinter {
  /** What tells it from others for as long as it lives: its UUID. */
  readonly key: string;
  readonly name: string;
  /** Make and model, or what people call it. */
  readonly description: string;
  readonly state: 'idle' | 'printing' | 'stopped';
  /** `printer-state-reasons` keywords. */
  readonly reasons: readonly string[];
  /** Grows whenever the printer's configuration changes. */
  readonly configChanges: number;
  /** Attempts that failed, since whenever. */
  readonly errors: number;
}

/** `index`: hrDeviceIndex, from 1. */
export interface IndexedPrinter extends AgentPrinter {
  readonly index: number;
}

export interface AgentSystem {
  /** sysName: the virtual server's name, never a node's (P8). */
  readonly name: string;
  readonly description: string;
  /** Hundredths of a second since the agent started. */
  upTime(): number;
}

const zeroDotZero: Oid = [0, 0];
const hrDevicePrinter = parseOid('1.3.6.1.2.1.25.3.1.5');
/** prtGeneralReset: notResetting(3); prtConsoleDisable: enabled(3). */
const notResetting = 3;
const consoleEnabled = 3;
/** prtLocalizationCharacterSet: UTF-8 in IANA's list of character sets. */
const utf8 = 106;
/** sysServices: applications (RFC 3418). */
const applications = 64;

const integer = (value: number): SnmpValue => ({ type: 'integer', value });
const oid = (value: Oid): SnmpValue => ({ type: 'oid', value });
const counter = (value: number): SnmpValue => ({ type: 'counter32', value: wrapped(value) });

/** Counters go round at 2³². */
const wrapped = (value: number): number => (Number.isFinite(value) ? Math.max(0, Math.floor(value)) % 2 ** 32 : 0);

/** `text` without control characters, cut after the last whole character that fits `most` octets. */
const text = (value: string, most: number): SnmpValue => {
  const octets = Buffer.from(value.replaceAll(/\p{Cc}/gu, ' '));
  let end = Math.min(most, octets.length);
  while (end > 0 && end < octets.length && ((octets[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return { type: 'octets', value: octets.subarray(0, end) };
};

const systemColumns = (system: AgentSystem): Column[] => [
  scalar('1.3.6.1.2.1.1.1', () => text(system.description, 255)),
  scalar('1.3.6.1.2.1.1.2', () => oid(zeroDotZero)),
  scalar('1.3.6.1.2.1.1.3', () => ({ type: 'timeTicks', value: wrapped(system.upTime()) })),
  scalar('1.3.6.1.2.1.1.4', () => text('', 255)),
  scalar('1.3.6.1.2.1.1.5', () => text(system.name, 255)),
  scalar('1.3.6.1.2.1.1.6', () => text('', 255)),
  scalar('1.3.6.1.2.1.1.7', () => integer(applications)),
];

type Read = (printer: IndexedPrinter) => SnmpValue;

/** A table's columns by their number. `tail` is the index's part after hrDeviceIndex. */
interface Table {
  readonly entry: string;
  readonly tail: Oid;
  readonly columns: Readonly<Record<number, Read>>;
}

const tables: readonly Table[] = [
  {
    // hrDeviceTable
    entry: '1.3.6.1.2.1.25.3.2.1',
    tail: [],
    columns: {
      1: (printer) => integer(printer.index),
      2: () => oid(hrDevicePrinter),
      3: (printer) => text(printer.description, 64),
      4: () => oid(zeroDotZero),
      5: (printer) => integer(printerStatusOf(printer).deviceStatus),
      6: (printer) => counter(printer.errors),
    },
  },
  {
    // hrPrinterTable
    entry: '1.3.6.1.2.1.25.3.5.1',
    tail: [],
    columns: {
      1: (printer) => integer(printerStatusOf(printer).printerStatus),
      2: (printer) => ({ type: 'octets', value: printerStatusOf(printer).detectedErrors }),
    },
  },
  {
    // prtGeneralTable, without the columns that point into tables of trays, markers and alerts, which a queue has not
    entry: '1.3.6.1.2.1.43.5.1.1',
    tail: [],
    columns: {
      1: (printer) => counter(printer.configChanges),
      2: () => integer(1),
      3: () => integer(notResetting),
      4: () => text('', 127),
      5: () => text('', 127),
      10: () => integer(1),
      11: () => integer(0),
      12: () => integer(0),
      13: () => integer(consoleEnabled),
      16: (printer) => text(printer.name, 127),
      17: () => text('', 255),
    },
  },
  {
    // prtLocalizationTable: the one row that prtGeneralCurrentLocalization names
    entry: '1.3.6.1.2.1.43.7.1.1',
    tail: [1],
    columns: { 2: () => text('en', 2), 3: () => text('', 2), 4: () => integer(utf8) },
  },
];

/** `printers` in the order of their index. */
export const printerObjects = (system: AgentSystem, printers: readonly IndexedPrinter[]): MibView => {
  const at = (position: number): IndexedPrinter => {
    const printer = printers[position];
    if (printer === undefined) throw new RangeError(`no printer at ${position}`);
    return printer;
  };
  const columns = tables.flatMap((table) =>
    Object.entries(table.columns).map(
      ([number, read]): Column => ({
        prefix: [...parseOid(table.entry), Number(number)],
        count: printers.length,
        suffix: (position) => [at(position).index, ...table.tail],
        value: (position) => read(at(position)),
      }),
    ),
  );
  return new MibView([...systemColumns(system), ...columns]);
};
