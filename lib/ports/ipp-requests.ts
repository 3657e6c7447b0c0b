// The requests that we send to IPP printers (RFC 8011 section 4), as data.

import { formatDeviceUri, type DeviceUri } from '../model/device-uri.js';
import { operationIds, type OperationName } from '../protocols/ipp/operations.js';
import { groupTags } from '../protocols/ipp/tags.js';
import {
  attribute,
  boolean,
  charset,
  group,
  integer,
  keyword,
  language,
  mimeType,
  name,
  uri,
  type IppAttribute,
  type IppMessage,
  type IppVersion,
} from '../protocols/ipp/values.js';
import type { Delivery, OutgoingDocument } from './port.js';

/** An operation with its attributes behind charset, language and printer-uri. */
export interface Operation {
  readonly operation: OperationName;
  readonly attributes: readonly IppAttribute[];
  readonly jobAttributes?: readonly IppAttribute[];
}

export interface Envelope {
  readonly uri: DeviceUri;
  readonly version: IppVersion;
  readonly requestId: number;
}

/** Octets that a name may have (RFC 8011 section 5.1.3). */
const longestName = 255;

/** Without control characters, and cut between characters. */
const shortName = (text: string): string => {
  let short = '';
  let octets = 0;
  for (const character of text.replace(/\p{Cc}+/gu, ' ')) {
    octets += Buffer.byteLength(character);
    if (octets > longestName) break;
    short += character;
  }
  return short;
};

export const requestMessage = (
  { operation, attributes, jobAttributes = [] }: Operation,
  { uri: device, version, requestId }: Envelope,
): IppMessage => ({
  version,
  code: operationIds[operation],
  requestId,
  groups: [
    group(
      groupTags.operation,
      attribute('attributes-charset', charset('utf-8')),
      attribute('attributes-natural-language', language('en')),
      attribute('printer-uri', uri(formatDeviceUri(device))),
      ...attributes,
    ),
    ...(jobAttributes.length === 0 ? [] : [group(groupTags.job, ...jobAttributes)]),
  ],
});

const requested = (...names: readonly string[]): IppAttribute =>
  attribute('requested-attributes', ...names.map(keyword));

const requestingUser = ({ job }: Delivery): IppAttribute =>
  attribute('requesting-user-name', name(shortName(job.user) || 'anonymous'));

export const askPrinter = (delivery: Delivery): Operation => ({
  operation: 'Get-Printer-Attributes',
  attributes: [
    requestingUser(delivery),
    requested(
      'copies-supported',
      'document-format-supported',
      'job-creation-attributes-supported',
      'multiple-document-jobs-supported',
      'operations-supported',
      'printer-is-accepting-jobs',
      'printer-state',
      'printer-state-reasons',
    ),
  ],
});

export const askPrinterState = (delivery: Delivery): Operation => ({
  operation: 'Get-Printer-Attributes',
  attributes: [requestingUser(delivery), requested('printer-state', 'printer-state-reasons')],
});

export const askJob = (delivery: Delivery, jobId: number): Operation => ({
  operation: 'Get-Job-Attributes',
  attributes: [
    attribute('job-id', integer(jobId)),
    requestingUser(delivery),
    requested('job-state', 'job-state-reasons'),
  ],
});

export const cancelJob = (delivery: Delivery, jobId: number): Operation => ({
  operation: 'Cancel-Job',
  attributes: [attribute('job-id', integer(jobId)), requestingUser(delivery)],
});

/** `copies` undefined: the attribute is not sent. */
export interface JobTicket {
  readonly copies: number | undefined;
  readonly withUuid: boolean;
}

const jobAttributes = ({ job }: Delivery, { copies, withUuid }: JobTicket): readonly IppAttribute[] => [
  ...(copies === undefined ? [] : [attribute('copies', integer(copies))]),
  ...(withUuid ? [attribute('job-uuid', uri(`urn:uuid:${job.uuid}`))] : []),
];

const jobName = ({ job }: Delivery): IppAttribute => attribute('job-name', name(shortName(job.name) || 'untitled'));

/** `format` undefined: the printer takes its default. */
const documentAttributes = (document: OutgoingDocument, format: string | undefined): readonly IppAttribute[] => [
  ...(document.name === '' ? [] : [attribute('document-name', name(shortName(document.name)))]),
  ...(format === undefined ? [] : [attribute('document-format', mimeType(format))]),
];

export const createJob = (delivery: Delivery, ticket: JobTicket): Operation => ({
  operation: 'Create-Job',
  attributes: [requestingUser(delivery), jobName(delivery)],
  jobAttributes: jobAttributes(delivery, ticket),
});

export interface DocumentToSend {
  readonly document: OutgoingDocument;
  readonly format: string | undefined;
}

export const printJob = (delivery: Delivery, { document, format }: DocumentToSend, ticket: JobTicket): Operation => ({
  operation: 'Print-Job',
  attributes: [requestingUser(delivery), jobName(delivery), ...documentAttributes(document, format)],
  jobAttributes: jobAttributes(delivery, ticket),
});

export const sendDocument = (
  delivery: Delivery,
  { document, format }: DocumentToSend,
  { jobId, last }: { readonly jobId: number; readonly last: boolean },
): Operation => ({
  operation: 'Send-Document',
  attributes: [
    attribute('job-id', integer(jobId)),
    requestingUser(delivery),
    ...documentAttributes(document, format),
    attribute('last-document', boolean(last)),
  ],
});
