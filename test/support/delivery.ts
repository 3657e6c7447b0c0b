// Deliveries for the tests of ports: documents from memory, and a record of what the port said and asked.

import { createHash } from 'node:crypto';
import type { Delivery, OutgoingDocument, Phase, Port, PortTarget, Progress } from '../../lib/ports/port.js';
import { defaultDeviceOptions, type DeviceOptions } from '../../lib/model/printer.js';
import { parseDeviceUri } from '../../lib/model/device-uri.js';

export const sha256 = (...parts: readonly (Uint8Array | string)[]): string => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
};

/** Octets that depend on the seed, so that a wrong order or a wrong document shows in the hash. */
export const octets = (length: number, seed = 1): Buffer => {
  const buffer = Buffer.allocUnsafe(length);
  let state = (seed * 2654435761) >>> 0 || 1;
  for (let index = 0; index < length; index += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    buffer[index] = state & 0xff;
  }
  return buffer;
};

/** A document from memory, or from any source given as a function. */
export const document = (
  content: Uint8Array | string | (() => AsyncIterable<Uint8Array>),
  { name = 'document', format = 'application/octet-stream', length = 0, chunk = 65_536 } = {},
): OutgoingDocument => {
  if (typeof content === 'function') return { name, format, length, open: content };
  const bytes = Buffer.from(content);
  const open = async function* (): AsyncIterable<Uint8Array> {
    for (let at = 0; at < bytes.length; at += chunk) yield bytes.subarray(at, at + chunk);
  };
  return { name, format, length: bytes.length, open };
};

export interface TestDelivery extends Delivery {
  readonly abort: AbortController;
  /** Every report in order. */
  readonly reports: Progress[];
  /** Source ports that `begin` was told. */
  readonly begun: number[];
  /** How often `mayContinue` was asked. */
  asked: number;
  /** What `mayContinue` answers. */
  owned: boolean;
  /** Whether a report of that phase has come. */
  saw(phase: Phase): boolean;
}

export const delivery = (
  documents: readonly OutgoingDocument[],
  changes: Partial<Pick<Delivery, 'job' | 'copies' | 'begin' | 'mayContinue' | 'progress'>> = {},
): TestDelivery => {
  const abort = new AbortController();
  const made: TestDelivery = {
    job: {
      id: 7,
      uuid: '4509a320-00a0-008f-00b6-002507510eca',
      name: 'letter.txt',
      user: 'alice',
      host: 'print.example.org',
    },
    documents,
    copies: 1,
    signal: abort.signal,
    abort,
    reports: [],
    begun: [],
    asked: 0,
    owned: true,
    saw: (phase) => made.reports.some((report) => report.phase === phase),
    mayContinue: () => {
      made.asked += 1;
      return made.owned;
    },
    begin: async ({ sourcePort }) => {
      made.begun.push(sourcePort);
    },
    progress: (report) => {
      made.reports.push(report);
    },
    ...changes,
  };
  return made;
};

/** The target that a device URI and options make; options not given are the defaults. */
export const target = (deviceUri: string, options: Partial<DeviceOptions> = {}): PortTarget => {
  const parsed = parseDeviceUri(deviceUri);
  if (!parsed.ok) throw new Error(parsed.reason);
  const addresses = [parsed.uri.host, '127.0.0.1', '::1'];
  const { localAddress } = options;
  const source = { addresses: localAddress === undefined ? [] : [localAddress] };
  return { uri: parsed.uri, addresses, options: { ...defaultDeviceOptions, ...options }, source };
};

export const print = (port: Port, deviceUri: string, what: Delivery, options: Partial<DeviceOptions> = {}) =>
  port.print(target(deviceUri, options), what);
