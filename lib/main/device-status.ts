// What is known of each printer's device over SNMP: soft state, kept by printer, asked for by the queue and shown by the listeners.

import { parseDeviceUri } from '../model/device-uri.js';
import type { PrinterRecord } from '../model/printer.js';
import type { PrinterTable } from '../queue/printer-table.js';
import type { DevicePoller, DeviceTarget } from '../status/device-poller.js';

const targetOf = (printer: PrinterRecord): DeviceTarget | undefined => {
  const { snmp, localAddress } = printer.device;
  const [address] = printer.deviceAddresses;
  if (snmp === undefined || address === undefined || !parseDeviceUri(printer.deviceUri).ok) return undefined;
  return { ...snmp, address, ...(localAddress === undefined ? {} : { localAddress }) };
};

export class DeviceStatus {
  readonly #poller: DevicePoller;

  constructor(poller: DevicePoller) {
    this.#poller = poller;
  }

  /** Polls the devices of the group's printers, as they come, change and go. */
  follow(printers: PrinterTable, reachable: (printer: string) => boolean): void {
    const watch = (printer: PrinterRecord): void => {
      const target = targetOf(printer);
      if (target === undefined) this.#poller.unwatch(printer.uuid);
      else this.#poller.watch(printer.uuid, { ...target, reachable: () => reachable(printer.name) }, () => undefined);
    };
    for (const printer of printers.all()) watch(printer);
    printers.onChange((printer, before) => {
      if (printer !== undefined) watch(printer);
      else if (before !== undefined) this.#poller.unwatch(before.uuid);
    });
  }

  /** The group went offline. */
  forget(printers: PrinterTable): void {
    for (const { uuid } of printers.all()) this.#poller.unwatch(uuid);
  }

  /** printer-state-reasons keywords. */
  reasons(printer: PrinterRecord): readonly string[] {
    return this.#poller.status(printer.uuid).reasons;
  }

  /** The life-time page counter; asked only of a device that answered its last poll. */
  async pageCount(printer: PrinterRecord): Promise<number | undefined> {
    const target = targetOf(printer);
    if (target === undefined || !this.#poller.status(printer.uuid).answered) return undefined;
    return this.#poller.readLifeCount(target);
  }
}
