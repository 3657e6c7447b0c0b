// What the answers of IPP printers mean to us (RFC 8011 sections 4.2, 5.3.7, 5.4 and appendix B). Pure.

import {
  booleanOf,
  findAttribute,
  findGroup,
  integerOf,
  integersOf,
  keywordsOf,
  rangesOf,
  stringOf,
} from '../protocols/ipp/lookup.js';
import { operationIds, type OperationName } from '../protocols/ipp/operations.js';
import { isSuccessful, type StatusName, statusCodes, statusName } from '../protocols/ipp/status-codes.js';
import { groupTags } from '../protocols/ipp/tags.js';
import type { IppMessage } from '../protocols/ipp/values.js';
import type { Exchange } from './ipp-exchange.js';
import { printerText } from './printer-text.js';

/** What a printer says about itself, as far as it matters for sending jobs there. */
export interface Capabilities {
  readonly operations: ReadonlySet<number>;
  /** Lower-case; empty: the printer does not say. */
  readonly formats: readonly string[];
  readonly multipleDocuments: boolean;
  /** The most copies that the attribute may ask for. */
  readonly copies: number;
  readonly jobUuid: boolean;
  readonly accepting: boolean;
  /** Stopped for a reason that a person must see to. */
  readonly needsAttention: boolean;
  readonly reasons: string;
}

/** Keywords for people: the ones that say something. */
const told = (keywords: readonly string[]): string =>
  printerText(keywords.filter((word) => word !== 'none' && word !== '').join(', '));

const stopped = 5;

export const capabilitiesOf = (message: IppMessage): Capabilities => {
  const printer = findGroup(message, groupTags.printer);
  const reasons = keywordsOf(printer, 'printer-state-reasons');
  const jobAttributes = keywordsOf(printer, 'job-creation-attributes-supported');
  const takesCopies = jobAttributes.length === 0 || jobAttributes.includes('copies');
  return {
    operations: new Set(integersOf(printer, 'operations-supported')),
    formats: keywordsOf(printer, 'document-format-supported').map((format) => format.toLowerCase()),
    multipleDocuments: booleanOf(printer, 'multiple-document-jobs-supported') ?? false,
    copies: takesCopies ? (rangesOf(printer, 'copies-supported')[0]?.upper ?? 1) : 1,
    jobUuid: jobAttributes.includes('job-uuid'),
    accepting: booleanOf(printer, 'printer-is-accepting-jobs') ?? true,
    needsAttention: integerOf(printer, 'printer-state') === stopped && reasons.some((word) => word.endsWith('-error')),
    reasons: told(reasons),
  };
};

/** A printer that lists no operations at all is taken to have the ones that every printer must have. */
export const supports = ({ operations }: Capabilities, operation: OperationName): boolean =>
  operations.has(operationIds[operation]) ||
  (operations.size === 0 && (operation === 'Print-Job' || operation === 'Get-Job-Attributes'));

export type JobState = 'pending' | 'held' | 'processing' | 'stopped' | 'canceled' | 'aborted' | 'completed' | 'unknown';

const jobStates: ReadonlyMap<number, JobState> = new Map([
  [3, 'pending'],
  [4, 'held'],
  [5, 'processing'],
  [6, 'stopped'],
  [7, 'canceled'],
  [8, 'aborted'],
  [9, 'completed'],
]);

export interface JobReport {
  readonly state: JobState;
  readonly reasons: string;
  /** The printer still waits for data of this job. */
  readonly incoming: boolean;
}

const incomingReasons = new Set(['job-incoming', 'job-data-insufficient']);

export const jobReportOf = (message: IppMessage): JobReport => {
  const job = findGroup(message, groupTags.job);
  const reasons = keywordsOf(job, 'job-state-reasons');
  return {
    state: jobStates.get(integerOf(job, 'job-state') ?? 0) ?? 'unknown',
    reasons: told(reasons),
    incoming: reasons.some((word) => incomingReasons.has(word)),
  };
};

export const jobIdOf = (message: IppMessage): number | undefined => {
  const id = integerOf(findGroup(message, groupTags.job), 'job-id');
  return id !== undefined && id > 0 ? id : undefined;
};

/** The printer took the job, but not the attribute. */
export const wasIgnored = (message: IppMessage, name: string): boolean =>
  findAttribute(findGroup(message, groupTags.unsupported), name) !== undefined;

/** What an answer to anything comes to. `version`: ask again with an older IPP version. */
export type Meaning = 'ok' | 'version' | 'busy' | 'needs-attention' | 'auth-required' | 'gone' | 'rejected' | 'lost';

const meanings: Partial<Readonly<Record<StatusName, Meaning>>> = {
  'client-error-forbidden': 'auth-required',
  'client-error-not-authenticated': 'auth-required',
  'client-error-not-authorized': 'auth-required',
  'client-error-not-found': 'gone',
  'client-error-gone': 'gone',
  'client-error-not-possible': 'gone',
  'client-error-timeout': 'busy',
  'server-error-version-not-supported': 'version',
  'server-error-service-unavailable': 'busy',
  'server-error-temporary-error': 'busy',
  'server-error-not-accepting-jobs': 'busy',
  'server-error-busy': 'busy',
  'server-error-printer-is-deactivated': 'busy',
  'server-error-too-many-jobs': 'busy',
  'server-error-device-error': 'needs-attention',
};
const byCode: ReadonlyMap<number, Meaning> = new Map(
  Object.entries(meanings).map(([name, meaning]) => [statusCodes[name as StatusName], meaning]),
);
const byHttpStatus: ReadonlyMap<number, Meaning> = new Map([
  [400, 'version'],
  [401, 'auth-required'],
  [403, 'auth-required'],
  [404, 'gone'],
  [407, 'auth-required'],
  [408, 'busy'],
  [429, 'busy'],
  [502, 'busy'],
  [503, 'busy'],
  [504, 'busy'],
  [505, 'version'],
]);

export const meaningOf = (exchange: Exchange): Meaning => {
  switch (exchange.got) {
    case 'answer': {
      const { code } = exchange.message;
      return isSuccessful(code) ? 'ok' : (byCode.get(code) ?? 'rejected');
    }
    case 'http-status':
      return byHttpStatus.get(exchange.status) ?? 'rejected';
    case 'garbage':
    case 'nothing':
      return 'lost';
    default:
      return exchange satisfies never;
  }
};

const httpSentence = (status: number): string => {
  if (status >= 300 && status < 400) return `redirects (HTTP ${status}), which is not followed`;
  if (status === 426) return 'wants an encrypted connection (HTTP 426): use ipps://';
  return `answers HTTP ${status}`;
};

/** One sentence about an answer, for people. */
export const sentenceOf = (exchange: Exchange): string => {
  switch (exchange.got) {
    case 'answer': {
      const { code } = exchange.message;
      const operation = findGroup(exchange.message, groupTags.operation);
      const words = printerText(stringOf(operation, 'status-message') ?? '');
      return printerText(`the printer answers ${statusName(code)}${words === '' ? '' : `: ${words}`}`);
    }
    case 'http-status':
      return `the printer ${httpSentence(exchange.status)}`;
    case 'garbage':
    case 'nothing':
      return printerText(`the printer ${exchange.reason}`);
    default:
      return exchange satisfies never;
  }
};
