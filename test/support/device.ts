// The printer emulator at an address of its own, as one device on the network: printers at one address would take turns.

import { randomInt } from 'node:crypto';
import { temporaryDirectory } from './temporary.js';
import { type Behaviour, type PrinterEmulator, startPrinterEmulator } from './printer-emulator.js';
import { type SnmpResponder, startSnmpResponder } from './printer-emulator-snmp.js';
import type { Test } from 'tap';

/** An address of loopback that nobody else is likely to use. */
export const loopbackAddress = (): string => `127.${randomInt(1, 255)}.${randomInt(1, 255)}.${randomInt(1, 255)}`;

export interface Device {
  readonly emulator: PrinterEmulator;
  readonly snmp: SnmpResponder;
  /** For a printer's configuration. */
  readonly device: string;
}

/** Listens on the usual port 9100, and on a free UDP port for SNMP. */
export const startDevice = async (t: Test, behaviour: Partial<Behaviour> = {}): Promise<Device> => {
  const host = loopbackAddress();
  const directory = await temporaryDirectory(t);
  const emulator = await startPrinterEmulator({ host, port: 9100, directory, behaviour });
  t.teardown(() => emulator.close());
  const snmp = await startSnmpResponder({ printer: emulator, host });
  t.teardown(() => snmp.close());
  return { emulator, snmp, device: emulator.uri };
};
