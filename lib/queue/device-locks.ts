// Pure: what of the devices is in use (R48): a device as a whole, or one of its TCP ports where the operator says that it has a printer on each.

import { parseDeviceUri } from '../model/device-uri.js';
import type { PrinterRecord } from '../model/printer.js';

export interface DeviceLock {
  readonly address: string;
  /** Absent: the whole device. */
  readonly port?: number;
}

/** Addresses that no other group may have while the printer is so. */
export const claimsOf = ({
  deviceAddresses,
  formerAddresses = [],
}: Pick<PrinterRecord, 'deviceAddresses' | 'formerAddresses'>): readonly string[] => [
  ...deviceAddresses,
  ...formerAddresses,
];

const whole = 0;

export class DeviceLocks {
  readonly #held = new Map<string, Set<number>>();

  /** A device as a whole is free when none of its ports is in use, and the other way round. */
  isFree({ address, port = whole }: DeviceLock): boolean {
    const ports = this.#held.get(address);
    return ports === undefined || (port !== whole && !ports.has(whole) && !ports.has(port));
  }

  take({ address, port = whole }: DeviceLock): void {
    const ports = this.#held.get(address);
    if (ports === undefined) this.#held.set(address, new Set([port]));
    else ports.add(port);
  }

  free({ address, port = whole }: DeviceLock): void {
    const ports = this.#held.get(address);
    ports?.delete(port);
    if (ports?.size === 0) this.#held.delete(address);
  }
}

/** What must be free for this printer to print (R48). */
export const locksOf = (
  printer: Pick<PrinterRecord, 'device' | 'deviceAddresses' | 'deviceUri'>,
): readonly DeviceLock[] => {
  if (printer.device.lock === 'address') return printer.deviceAddresses.map((address) => ({ address }));
  const parsed = parseDeviceUri(printer.deviceUri);
  const port = parsed.ok ? parsed.uri.port : 0;
  return printer.deviceAddresses.map((address) => ({ address, port }));
};
