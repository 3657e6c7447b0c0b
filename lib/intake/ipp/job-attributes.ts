// A job's record as IPP attributes (RFC 8011 section 5.3). Times are seconds since 1970, as printer-up-time is: they mean the same on every node.

import { jobOctets, type JobRecord, type JobState } from '../../model/job.js';
import { decodeMessage } from '../../protocols/ipp/message-reader.js';
import { groupTags } from '../../protocols/ipp/tags.js';
import * as ipp from '../../protocols/ipp/values.js';
import type { IppAttribute, IppValue } from '../../protocols/ipp/values.js';
import { type AttributeTable, requestedNames } from './select.js';
import { clipped } from './request.js';
import { jobUri, pageUri, printerUri } from './uris.js';

export interface JobSubject {
  readonly job: JobRecord;
  readonly authority: string;
  /** Wall clock, ms since 1970. */
  readonly now: number;
  /** Octets sent of the attempt under way. */
  readonly sent?: number;
}

export const jobStateNumbers: Readonly<Record<JobState, number>> = {
  pending: 3,
  'pending-held': 4,
  processing: 5,
  canceled: 7,
  aborted: 8,
  completed: 9,
};

const seconds = (ms: number | undefined): IppValue =>
  ms === undefined ? ipp.noValue : ipp.integer(Math.floor(ms / 1000));
const date = (ms: number | undefined): IppValue => (ms === undefined ? ipp.noValue : ipp.dateTime(ms));
const kOctets = (octets: number): number => Math.min(2 ** 31 - 1, Math.ceil(octets / 1024));

/** job-state-reasons never is empty on the wire. */
export const jobStateReasons = ({ reasons }: JobRecord): readonly IppValue[] =>
  reasons.length === 0 ? [ipp.keyword('none')] : reasons.map(ipp.keyword);

export const jobTable: AttributeTable<JobSubject> = {
  'job-id': ({ job }) => ipp.integer(job.id),
  'job-uri': ({ job, authority }) => ipp.uri(jobUri(authority, job.id)),
  'job-uuid': ({ job }) => ipp.uri(`urn:uuid:${job.uuid}`),
  'job-printer-uri': ({ job, authority }) => ipp.uri(printerUri(authority, job.printer)),
  'job-more-info': ({ job, authority }) => ipp.uri(pageUri(authority, job.printer)),
  'job-name': ({ job }) => ipp.name(clipped(job.name, 255)),
  'job-originating-user-name': ({ job }) => ipp.name(clipped(job.user, 255)),
  'job-originating-host-name': ({ job }) => ipp.name(clipped(job.host ?? job.origin.address, 255)),
  'job-state': ({ job }) => ipp.enumValue(jobStateNumbers[job.state]),
  'job-state-reasons': ({ job }) => jobStateReasons(job),
  'job-state-message': ({ job }) => ipp.text(clipped(job.message ?? '', 1023)),
  'job-k-octets': ({ job }) => ipp.integer(kOctets(jobOctets(job))),
  'job-k-octets-processed': ({ job, sent }) =>
    ipp.integer(kOctets(job.state === 'completed' ? jobOctets(job) : (sent ?? 0))),
  'job-priority': ({ job }) => ipp.integer(job.priority),
  'job-hold-until': ({ job }) => ipp.keyword(job.hold?.until ?? 'no-hold'),
  copies: ({ job }) => ipp.integer(job.copies),
  'job-sheets': () => ipp.keyword('none'),
  'number-of-documents': ({ job }) => ipp.integer(job.documents.length),
  'document-format-supplied': ({ job }) => {
    const format = job.documents[0]?.format;
    return format === undefined ? undefined : ipp.mimeType(format);
  },
  'time-at-creation': ({ job }) => seconds(job.created),
  'time-at-processing': ({ job }) => seconds(job.processing),
  'time-at-completed': ({ job }) => seconds(job.completed),
  'date-time-at-creation': ({ job }) => date(job.created),
  'date-time-at-processing': ({ job }) => date(job.processing),
  'date-time-at-completed': ({ job }) => date(job.completed),
  'job-printer-up-time': ({ now }) => seconds(now),
  'attributes-charset': () => ipp.charset('utf-8'),
  'attributes-natural-language': ({ job }) => ipp.language(job.language),
};

const names = Object.keys(jobTable);
const template = ['job-priority', 'job-hold-until', 'copies', 'job-sheets'];
const groups = {
  'job-template': template,
  'job-description': names.filter((name) => !template.includes(name)),
};

/** The attributes that a request of one kind wants; `byDefault` when it does not say (all, or job-id and job-uri). */
export const requestedJobNames = (operation: ipp.IppGroup, byDefault: 'all' | 'short'): readonly string[] =>
  requestedNames(operation, { names, groups, byDefault: byDefault === 'all' ? names : ['job-id', 'job-uri'] });

/** Template attributes that the client sent and that have no row of their own above. */
export const ticketAttributes = (job: JobRecord): readonly IppAttribute[] => {
  if (job.ticket === '') return [];
  const header = Uint8Array.of(1, 1, 0, 0, 0, 0, 0, 1);
  const octets = Buffer.concat([header, Buffer.from(job.ticket, 'base64'), Uint8Array.of(groupTags.end)]);
  return decodeMessage(octets).message.groups[0]?.attributes ?? [];
};
