// A printer as IPP attributes (RFC 8011 section 5.4). What changes only with the printer's record is encoded once and kept.

import type { PrinterRecord } from '../../model/printer.js';
import { holdUntilKeywords } from '../../queue/hold-until.js';
import type { PrinterState } from '../../queue/printer-state.js';
import { encodeAttributes } from '../../protocols/ipp/message-writer.js';
import { groupTags } from '../../protocols/ipp/tags.js';
import * as ipp from '../../protocols/ipp/values.js';
import { type AttributeTable, requestedNames, selectAttributes } from './select.js';
import { clipped } from './request.js';
import { pageUri, printerUri } from './uris.js';

/** What every raw queue takes: octets that it hands on unchanged. */
const rawFormats = ['application/octet-stream', 'application/vnd.cups-raw'];

/** document-format-supported: beside those, only what the operator says that the device understands. */
export const documentFormats = (printer: PrinterRecord): readonly string[] => [
  ...rawFormats,
  ...printer.formats.filter((format) => !rawFormats.includes(format)),
];

export const whichJobsSupported = [
  'not-completed',
  'completed',
  'all',
  'aborted',
  'canceled',
  'pending',
  'pending-held',
  'processing',
] as const;

export const mostCopies = 9999;

interface FixedSubject {
  readonly printer: PrinterRecord;
  readonly authority: string;
  readonly operations: readonly number[];
  readonly multipleOperationTimeoutMs: number;
}

interface ChangingSubject {
  readonly state: PrinterState;
  readonly accepting: boolean;
  readonly queued: number;
  /** Wall clock, ms since 1970. */
  readonly now: number;
}

const label = (words: string): ipp.IppValue => ipp.text(clipped(words, 127));

const fixedTable: AttributeTable<FixedSubject> = {
  'charset-configured': () => ipp.charset('utf-8'),
  'charset-supported': () => [ipp.charset('utf-8'), ipp.charset('us-ascii')],
  'compression-supported': () => ['none', 'gzip', 'deflate'].map(ipp.keyword),
  'copies-default': () => ipp.integer(1),
  'copies-supported': () => ipp.range(1, mostCopies),
  'document-format-default': () => ipp.mimeType('application/octet-stream'),
  'document-format-supported': ({ printer }) => documentFormats(printer).map(ipp.mimeType),
  'generated-natural-language-supported': () => ipp.language('en'),
  'ipp-versions-supported': () => ['1.0', '1.1'].map(ipp.keyword),
  'job-creation-attributes-supported': () =>
    ['copies', 'job-hold-until', 'job-priority', 'job-sheets'].map(ipp.keyword),
  'job-hold-until-default': () => ipp.keyword('no-hold'),
  'job-hold-until-supported': () => holdUntilKeywords.map(ipp.keyword),
  'job-ids-supported': () => ipp.boolean(false),
  'job-priority-default': () => ipp.integer(50),
  'job-priority-supported': () => ipp.integer(100),
  'job-settable-attributes-supported': () => ['copies', 'job-hold-until', 'job-name', 'job-priority'].map(ipp.keyword),
  'job-sheets-default': () => ipp.keyword('none'),
  'job-sheets-supported': () => ipp.keyword('none'),
  // What paper is in is the device's affair: a raw queue knows nothing of it (RFC 8011 section 5.2.11).
  'media-default': () => ipp.noValue,
  'media-col-default': () => ipp.noValue,
  'multiple-document-handling-default': () => ipp.keyword('separate-documents-collated-copies'),
  'multiple-document-handling-supported': () => ipp.keyword('separate-documents-collated-copies'),
  'multiple-document-jobs-supported': () => ipp.boolean(true),
  'multiple-operation-time-out': ({ multipleOperationTimeoutMs }) =>
    ipp.integer(Math.max(1, Math.round(multipleOperationTimeoutMs / 1000))),
  'multiple-operation-time-out-action': () => ipp.keyword('process-job'),
  'natural-language-configured': () => ipp.language('en'),
  'operations-supported': ({ operations }) => operations.map(ipp.enumValue),
  'pdl-override-supported': () => ipp.keyword('not-attempted'),
  'printer-config-change-time': ({ printer }) => ipp.integer(Math.floor(printer.changed / 1000)),
  'printer-info': ({ printer }) => label(printer.info || printer.name),
  'printer-location': ({ printer }) => label(printer.location),
  'printer-make-and-model': ({ printer }) => label(printer.makeAndModel),
  'printer-more-info': ({ printer, authority }) => ipp.uri(pageUri(authority, printer.name)),
  'printer-name': ({ printer }) => ipp.name(printer.name),
  // For CUPS clients, which tell queues from classes by it: makes copies.
  'printer-type': () => ipp.enumValue(0x20),
  'printer-uri-supported': ({ printer, authority }) => ipp.uri(printerUri(authority, printer.name)),
  'printer-uuid': ({ printer }) => ipp.uri(`urn:uuid:${printer.uuid}`),
  'uri-authentication-supported': () => ipp.keyword('requesting-user-name'),
  'uri-security-supported': () => ipp.keyword('none'),
  'which-jobs-supported': () => whichJobsSupported.map(ipp.keyword),
};

const stateNumbers = { idle: 3, processing: 4, stopped: 5 } as const;

const changingTable: AttributeTable<ChangingSubject> = {
  'printer-is-accepting-jobs': ({ accepting }) => ipp.boolean(accepting),
  'printer-state': ({ state }) => ipp.enumValue(stateNumbers[state.state]),
  'printer-state-message': ({ state }) => ipp.text(clipped(state.message, 1023)),
  'printer-state-reasons': ({ state }) =>
    state.reasons.length === 0 ? ipp.keyword('none') : state.reasons.map(ipp.keyword),
  'printer-state-change-time': ({ state }) => ipp.integer(Math.floor(state.since / 1000)),
  'queued-job-count': ({ queued }) => ipp.integer(queued),
  'printer-up-time': ({ now }) => ipp.integer(Math.floor(now / 1000)),

  'printer-current-time': ({ now }) => ipp.dateTime(now),
};

const names = [...Object.keys(fixedTable), ...Object.keys(changingTable)];
const template = names.filter((name) =>
  /^(copies|job-hold-until|job-priority|job-sheets|media|media-col|multiple-document-handling)-(default|supported)$/.test(
    name,
  ),
);
const groups = {
  'job-template': template,
  'printer-description': names.filter((name) => !template.includes(name)),
  'printer-defaults': template.filter((name) => name.endsWith('-default')),
};

const keptEncodings = 4_096;

export class PrinterAttributes {
  readonly #operations: readonly number[];
  readonly #multipleOperationTimeoutMs: number;
  /** Encoded groups by printer, version of its record, authority and names; dropped together when there are too many. */
  readonly #encoded = new Map<string, Uint8Array>();

  constructor(parts: { operations: readonly number[]; multipleOperationTimeoutMs: number }) {
    this.#operations = parts.operations;
    this.#multipleOperationTimeoutMs = parts.multipleOperationTimeoutMs;
  }

  /** A printer-attributes group, encoded, in pieces. */
  encode(
    operation: ipp.IppGroup,
    { printer, authority }: { printer: PrinterRecord; authority: string },
    changing: ChangingSubject,
  ): Uint8Array[] {
    const wanted = requestedNames(operation, { names, groups, byDefault: names });
    const fixed = this.#fixed(printer, authority, wanted);
    const changes = selectAttributes(changingTable, wanted, changing);
    if (changes.length === 0) return [fixed];
    // The second piece goes on with the first one's group: its delimiter is left out.
    return [fixed, encodeAttributes({ tag: groupTags.printer, attributes: changes }).subarray(1)];
  }

  #fixed(printer: PrinterRecord, authority: string, wanted: readonly string[]): Uint8Array {
    const key = `${printer.name} ${printer.uuid} ${printer.changed} ${authority} ${wanted.length === names.length ? '' : wanted.join(' ')}`;
    const kept = this.#encoded.get(key);
    if (kept !== undefined) return kept;
    const subject = {
      printer,
      authority,
      operations: this.#operations,
      multipleOperationTimeoutMs: this.#multipleOperationTimeoutMs,
    };
    const encoded = encodeAttributes({
      tag: groupTags.printer,
      attributes: selectAttributes(fixedTable, wanted, subject),
    });
    if (this.#encoded.size >= keptEncodings) this.#encoded.clear();
    this.#encoded.set(key, encoded);
    return encoded;
  }
}
