// What is asked of a device and what is believed of its answer (R44): types and lengths are checked here, values in printer-mib.ts.

import { ObjectType } from 'net-snmp';
import type { Varbind } from 'net-snmp';
import type { DeviceAnswer } from './printer-mib.js';

export interface DeviceNames {
  readonly deviceStatus: string;
  readonly printerStatus: string;
  readonly detectedErrors: string;
  readonly lifeCount: string;
}

/** `index`: the device's hrDeviceIndex, nearly always 1. Its first marker counts. */
export const deviceNames = (index: number): DeviceNames => ({
  deviceStatus: `1.3.6.1.2.1.25.3.2.1.5.${index}`,
  printerStatus: `1.3.6.1.2.1.25.3.5.1.1.${index}`,
  detectedErrors: `1.3.6.1.2.1.25.3.5.1.2.${index}`,
  lifeCount: `1.3.6.1.2.1.43.10.2.1.4.${index}.1`,
});

/** Two octets are due; vendors append their own. */
const maxErrorOctets = 16;

export const readAnswer = (varbinds: ReadonlyMap<string, Varbind>, names: DeviceNames): DeviceAnswer => {
  const deviceStatus = integerOf(varbinds.get(names.deviceStatus));
  const printerStatus = integerOf(varbinds.get(names.printerStatus));
  const detectedErrors = octetsOf(varbinds.get(names.detectedErrors));
  const lifeCount = readCount(varbinds.get(names.lifeCount));
  return {
    ...(deviceStatus === undefined ? {} : { deviceStatus }),
    ...(printerStatus === undefined ? {} : { printerStatus }),
    ...(detectedErrors === undefined ? {} : { detectedErrors }),
    ...(lifeCount === undefined ? {} : { lifeCount }),
  };
};

/** Some devices send INTEGER where a counter is due; a negative one means "unknown" or "other". */
export const readCount = (varbind: Varbind | undefined): number | undefined => {
  const types = [ObjectType.Counter, ObjectType.Gauge, ObjectType.Integer];
  const value = numberOf(varbind, types);
  return value !== undefined && value >= 0 && value < 2 ** 32 ? value : undefined;
};

const integerOf = (varbind: Varbind | undefined): number | undefined => numberOf(varbind, [ObjectType.Integer]);

const numberOf = (varbind: Varbind | undefined, types: readonly ObjectType[]): number | undefined => {
  if (varbind?.type === undefined || !types.includes(varbind.type)) return undefined;
  return Number.isSafeInteger(varbind.value) ? Number(varbind.value) : undefined;
};

const octetsOf = (varbind: Varbind | undefined): Uint8Array | undefined => {
  if (varbind?.type !== ObjectType.OctetString || !Buffer.isBuffer(varbind.value)) return undefined;
  return varbind.value.length <= maxErrorOctets ? varbind.value : undefined;
};
