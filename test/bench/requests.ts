// The IPP requests that the measurements send, as octets.

import { end, group, header, int, packet, preamble, value } from '../support/ipp-builder.js';

/** RFC 8010 section 3.5.2, for the attributes used here. */
const attributeTags = { uri: 0x45, keyword: 0x44, name: 0x42, mimeType: 0x49 } as const;
const operationTag = 0x01;

export const operationIds = {
  printJob: 0x0002,
  getJobs: 0x000a,
  getPrinterAttributes: 0x000b,
  pausePrinter: 0x0010,
  resumePrinter: 0x0011,
} as const;

/** What `lpstat -o` asks for. */
const lpstatAttributes = [
  'job-id',
  'job-k-octets',
  'job-name',
  'job-originating-user-name',
  'job-printer-state-message',
  'job-printer-uri',
  'job-state-reasons',
  'time-at-creation',
];

export const printerUri = (printer: string): string => `ipp://localhost/printers/${printer}`;

const request = (operation: number, uri: string, ...more: readonly Buffer[]): Uint8Array =>
  packet(
    header('2.0', operation, 1),
    group(
      operationTag,
      preamble,
      value(attributeTags.uri, 'printer-uri', uri),
      value(attributeTags.name, 'requesting-user-name', 'bench'),
      ...more,
    ),
    end,
  );

const requested = (names: readonly string[]): Buffer =>
  Buffer.concat(
    names.map((name, index) => value(attributeTags.keyword, index === 0 ? 'requested-attributes' : '', name)),
  );

/** Without the document. */
export const printJob = (printer: string): Uint8Array =>
  request(
    operationIds.printJob,
    printerUri(printer),
    value(attributeTags.name, 'job-name', 'bench'),
    value(attributeTags.mimeType, 'document-format', 'application/octet-stream'),
  );

export const getPrinterAttributes = (printer: string): Uint8Array =>
  request(operationIds.getPrinterAttributes, printerUri(printer));

/** The least that a server can be asked for. */
export const getPrinterName = (printer: string): Uint8Array =>
  request(operationIds.getPrinterAttributes, printerUri(printer), requested(['printer-name']));

export const getJobs = (): Uint8Array => request(operationIds.getJobs, 'ipp://localhost/', requested(lpstatAttributes));

export const pausePrinter = (printer: string): Uint8Array => request(operationIds.pausePrinter, printerUri(printer));

/** The status of an answer; below 0x0100 it is a success. */
export const ippStatus = (body: Buffer): number => (body.length < 4 ? 0xffff : body.readUInt16BE(2));

/** How many jobs an answer to Get-Jobs holds. */
export const jobCount = (body: Buffer): number => {
  const sign = Buffer.concat([Buffer.of(0x21), Buffer.from([0, 6]), Buffer.from('job-id'), int(4).subarray(2)]);
  let count = 0;
  for (let at = body.indexOf(sign); at !== -1; at = body.indexOf(sign, at + sign.length)) count += 1;
  return count;
};
