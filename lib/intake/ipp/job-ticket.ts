// Reads what a client wants of a job: name, template attributes, format; and says what of it is not supported (RFC 8011 sections 4.1.7, 4.2.1.1).

import { ProtocolError } from '../../errors.js';
import type { PrinterRecord } from '../../model/printer.js';
import { encodeAttributes } from '../../protocols/ipp/message-writer.js';
import { booleanOf, findAttribute, integerOf, keywordsOf, stringOf } from '../../protocols/ipp/lookup.js';
import { groupTags } from '../../protocols/ipp/tags.js';
import { type IppAttribute, type IppGroup, unsupported } from '../../protocols/ipp/values.js';
import type { PrintSpooler } from '../../queue/print-spooler.js';
import type { JobDraft } from '../../queue/uploads.js';
import { documentFormats, mostCopies } from './printer-attributes.js';
import type { IppRequest } from './request.js';

export interface Ticket {
  readonly draft: Omit<JobDraft, 'printer' | 'origin'>;
  /** Attributes that are ignored, as the unsupported-attributes group tells them. */
  readonly ignored: readonly IppAttribute[];
}

/** What a client may say of a document, before its data. */
export interface DocumentTicket {
  readonly name?: string;
  readonly format: string;
  readonly compression: 'none' | 'gzip' | 'deflate';
}

/** Throws a refusal that names an attribute; the answer carries it in the unsupported-attributes group. */
export class NotSupported extends ProtocolError {
  readonly attributes: readonly IppAttribute[];

  constructor(status: string, detail: string, attributes: readonly IppAttribute[]) {
    super(status, detail);
    this.attributes = attributes;
  }
}

type Check = (value: IppAttribute, group: IppGroup, spooler: PrintSpooler) => boolean;

/** True where the value is one that we honour. */
const supportedTemplate: Readonly<Record<string, Check>> = {
  copies: ({ name }, group) => within(integerOf(group, name), 1, mostCopies),
  'job-priority': ({ name }, group) => within(integerOf(group, name), 1, 100),
  'job-hold-until': ({ name }, group, spooler) => spooler.readHoldUntil(stringOf(group, name) ?? '') !== undefined,
  'job-sheets': ({ name }, group) => keywordsOf(group, name).every((sheets) => sheets === 'none'),
  'multiple-document-handling': ({ name }, group) => stringOf(group, name) === 'separate-documents-collated-copies',
};

const within = (value: number | undefined, least: number, most: number): boolean =>
  value !== undefined && value >= least && value <= most;

/** The operation's job-hold-until, for the operations on jobs that have one; throws a refusal that names it (RFC 8011 section 4.3.5). */
export const readHoldUntil = (group: IppGroup, spooler: PrintSpooler): string | undefined => {
  const attribute = findAttribute(group, 'job-hold-until');
  if (attribute === undefined) return undefined;
  const until = stringOf(group, 'job-hold-until') ?? '';
  if (spooler.readHoldUntil(until) === undefined)
    throw new NotSupported(
      'client-error-attributes-or-values-not-supported',
      'job-hold-until has an unsupported value',
      [attribute],
    );
  return until;
};

/**
 * Attributes whose names we do not know come back as `unsupported`, values that we cannot honour come back as they are.
 * With ipp-attribute-fidelity either one refuses the job.
 */
export const readTicket = (request: IppRequest, spooler: PrintSpooler): Ticket => {
  const { operation } = request;
  const template: IppGroup = { tag: groupTags.job, attributes: request.job?.attributes ?? [] };
  // Old clients put job-hold-until beside the operation's attributes (cups: print-job-hold.test does).
  const misplaced = findAttribute(operation, 'job-hold-until');
  const all: IppGroup =
    misplaced === undefined ? template : { ...template, attributes: [...template.attributes, misplaced] };
  const ignored: IppAttribute[] = [];
  const honoured: IppAttribute[] = [];
  for (const attribute of all.attributes) {
    const check = Object.hasOwn(supportedTemplate, attribute.name) ? supportedTemplate[attribute.name] : undefined;
    if (check === undefined) ignored.push({ name: attribute.name, values: [unsupported] });
    else if (check(attribute, all, spooler)) honoured.push(attribute);
    else ignored.push(attribute);
  }
  if (ignored.length > 0 && booleanOf(operation, 'ipp-attribute-fidelity') === true) {
    const first = ignored[0]?.name ?? '';
    throw new NotSupported('client-error-attributes-or-values-not-supported', `${first} is not supported`, ignored);
  }
  return { draft: draftOf(request, { tag: groupTags.job, attributes: honoured }, template), ignored };
};

const draftOf = (request: IppRequest, honoured: IppGroup, template: IppGroup): Ticket['draft'] => {
  const { operation } = request;
  const host = stringOf(operation, 'job-originating-host-name');
  const priority = integerOf(honoured, 'job-priority');
  const copies = integerOf(honoured, 'copies');
  const holdUntil = stringOf(honoured, 'job-hold-until');
  return {
    name: stringOf(operation, 'job-name') || stringOf(operation, 'document-name') || 'Untitled',
    user: request.user,
    language: request.naturalLanguage,
    ...(host === undefined ? {} : { host }),
    ...(priority === undefined ? {} : { priority }),
    ...(copies === undefined ? {} : { copies }),
    ...(holdUntil === undefined ? {} : { holdUntil }),
    ticket: template.attributes.length === 0 ? '' : Buffer.from(encodeAttributes(template)).toString('base64'),
  };
};

/** Throws document-format-not-supported or compression-not-supported. */
export const readDocumentTicket = (operation: IppGroup, printer: PrinterRecord): DocumentTicket => {
  const said = findAttribute(operation, 'document-format');
  const format = stringOf(operation, 'document-format') ?? 'application/octet-stream';
  const known = documentFormats(printer).find((supported) => supported === format.toLowerCase().replace(/\s*;.*$/, ''));
  if (known === undefined)
    throw new NotSupported(
      'client-error-document-format-not-supported',
      'the document format is none of document-format-supported',
      said === undefined ? [] : [said],
    );
  const compression = stringOf(operation, 'compression') ?? 'none';
  if (compression !== 'none' && compression !== 'gzip' && compression !== 'deflate') {
    const attribute = findAttribute(operation, 'compression');
    throw new NotSupported(
      'client-error-compression-not-supported',
      'the compression is none of compression-supported',
      attribute === undefined ? [] : [attribute],
    );
  }
  const name = stringOf(operation, 'document-name');
  return { format: known, compression, ...(name === undefined ? {} : { name }) };
};
