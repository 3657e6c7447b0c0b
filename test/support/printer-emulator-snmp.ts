// The SNMP face of the printer emulator: Host-Resources and Printer-MIB for one device, as small printers have it.

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { SnmpValue } from '../../lib/protocols/snmp/message.js';
import { decodeRequest } from '../../lib/protocols/snmp/message.js';
import { MibView, parseOid, type Column } from '../../lib/status/mib-view.js';
import {
  deviceStatuses,
  printerStatuses,
  writeDetectedErrors,
  type DetectedError,
  type HrPrinterStatus,
} from '../../lib/status/printer-mib.js';
import { answerRequest } from '../../lib/status/snmp-answer.js';

/** What the printer emulator's `state` has, and a test's own object may have. */
export interface ResponderState {
  readonly model?: string;
  readonly serial?: string;
  /** hrPrinterStatus by name. */
  readonly status: HrPrinterStatus;
  readonly detectedErrors: readonly DetectedError[];
  /** prtMarkerLifeCount. */
  readonly lifeCount: number;
}

export interface SnmpResponderOptions {
  /** Its state is read for each request. */
  readonly printer: { readonly state: ResponderState };
  readonly host?: string;
  /** 0: any free port. */
  readonly port?: number;
  readonly community?: string;
  /** hrDeviceIndex. */
  readonly index?: number;
  /** `integer`: as the printers do that get the type wrong. */
  readonly lifeCountAs?: 'counter32' | 'integer';
}

export interface SnmpResponder {
  readonly port: number;
  /** Requests of its community so far. */
  readonly requests: number;
  close(): Promise<void>;
}

const stopping: ReadonlySet<DetectedError> = new Set([
  'noPaper',
  'noToner',
  'doorOpen',
  'jammed',
  'inputTrayMissing',
  'markerSupplyMissing',
  'outputFull',
]);

const deviceStatus = ({ detectedErrors }: ResponderState): number => {
  if (detectedErrors.some((error) => stopping.has(error))) return deviceStatuses.down;
  return detectedErrors.length > 0 ? deviceStatuses.warning : deviceStatuses.running;
};

const view = (options: SnmpResponderOptions): MibView => {
  const { state } = options.printer;
  const { index = 1, lifeCountAs = 'counter32' } = options;
  const instance = (object: string, value: SnmpValue, tail: readonly number[] = []): Column => ({
    prefix: parseOid(object),
    count: 1,
    suffix: () => [index, ...tail],
    value: () => value,
  });
  const text = (value = ''): SnmpValue => ({ type: 'octets', value: Buffer.from(value) });
  return new MibView([
    instance('1.3.6.1.2.1.25.3.2.1.3', text(state.model)),
    instance('1.3.6.1.2.1.25.3.2.1.5', { type: 'integer', value: deviceStatus(state) }),
    instance('1.3.6.1.2.1.25.3.5.1.1', { type: 'integer', value: printerStatuses[state.status] }),
    instance('1.3.6.1.2.1.25.3.5.1.2', { type: 'octets', value: writeDetectedErrors(state.detectedErrors) }),
    instance('1.3.6.1.2.1.43.5.1.1.16', text(state.model)),
    instance('1.3.6.1.2.1.43.5.1.1.17', text(state.serial)),
    instance('1.3.6.1.2.1.43.10.2.1.4', { type: lifeCountAs, value: state.lifeCount }, [1]),
  ]);
};

export const startSnmpResponder = async (options: SnmpResponderOptions): Promise<SnmpResponder> => {
  const { host = '127.0.0.1', port = 0, community = 'public' } = options;
  const socket = createSocket('udp4');
  let requests = 0;
  socket.on('message', (packet, from) => {
    const request = decodeRequest(packet);
    if (request.community.toString() !== community) return;
    requests += 1;
    socket.send(answerRequest(request, view(options)), from.port, from.address);
  });
  socket.bind(port, host);
  await once(socket, 'listening');
  return {
    port: socket.address().port,
    get requests() {
      return requests;
    },
    close: async () => {
      socket.close();
      await once(socket, 'close');
    },
  };
};
