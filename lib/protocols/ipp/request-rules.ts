// What RFC 8011 section 4.1 demands of every request, in the order of RFC 3196 section 3.1.2.1.1: version, (operation:
// the caller's, who knows what it has), request-id, groups, attributes, charset and language. The first fault is answered.
import { groupTags, tags } from './tags.js';
import type { StatusName } from './status-codes.js';
import type { IppAttribute, IppGroup, IppHeader, IppMessage, IppVersion } from './values.js';

export interface Refusal {
  readonly ok: false;
  readonly status: StatusName;
  /** One sentence for status-message and log. */
  readonly detail: string;
}

export interface Accepted {
  readonly ok: true;
  /** The version that the answer carries. */
  readonly version: IppVersion;
  readonly operationId: number;
  readonly requestId: number;
  /** In lower case: what the answer's attributes-charset says. */
  readonly charset: string;
  readonly naturalLanguage: string;
  readonly operation: IppGroup;
}

/** Highest minor version that is spoken, by major version. */
const minors: ReadonlyMap<number, number> = new Map([
  [1, 1],
  [2, 2],
]);

const charsets: ReadonlySet<string> = new Set(['utf-8', 'us-ascii']);

/** Language and subtags as RFC 5646 section 2.1 shapes them. Linear: a subtag ends at its hyphen and nowhere else. */
const languagePattern = /^[a-z]{1,8}(?:-[a-z0-9]{1,8})*$/i;
const longestLanguage = 63;

/** Groups that a request may hold several times (RFC 3995 section 11.1). Any other known group comes once. */
const repeatable: ReadonlySet<number> = new Set([groupTags.subscription]);
const knownGroups: ReadonlySet<number> = new Set(Object.values(groupTags));

const refusal = (status: StatusName, detail: string): Refusal => ({ ok: false, status, detail });

const badRequest = (detail: string): Refusal => refusal('client-error-bad-request', detail);

/** The spoken version closest to the one asked for; every answer carries it, errors too (RFC 8011 section 4.1.8). */
export const servedVersion = ({ major, minor }: IppVersion): IppVersion => {
  const highest = minors.get(major);
  if (highest !== undefined) return { major, minor: Math.min(Math.max(minor, 0), highest) };
  return major < 1 ? { major: 1, minor: 0 } : { major: 2, minor: 2 };
};

/**
 * The version alone, so that it can be judged as soon as the header is in: the octets after it may be in an encoding
 * that only the other version knows (RFC 8011 section 4.1.8).
 */
export const checkVersion = ({ major, minor }: IppVersion): Refusal | undefined =>
  minors.has(major) && minor >= 0
    ? undefined
    : refusal('server-error-version-not-supported', `IPP version ${major}.${minor} is not supported`);

/** RFC 8011 section 4.1.2: 1 to 2^31 - 1. */
const checkRequestId = ({ requestId }: IppHeader): Refusal | undefined =>
  requestId > 0 ? undefined : badRequest(`request-id is ${requestId}`);

/** RFC 8010 section 3.5.1, RFC 8011 section 4.1.3: the operation group first and once, a job group right after it. */
const checkGroups = (groups: readonly IppGroup[]): Refusal | undefined => {
  if (groups[0]?.tag !== groupTags.operation) return badRequest('the first group is not the operation group');
  const seen = new Set<number>();
  for (const [position, { tag }] of groups.entries()) {
    if (seen.has(tag) && knownGroups.has(tag) && !repeatable.has(tag)) return badRequest(`group ${tag} comes twice`);
    if (tag === groupTags.job && position !== 1) return badRequest('the job group does not follow the operation group');
    seen.add(tag);
  }
  return undefined;
};

/** No attribute twice in a group, no member twice in a collection (RFC 8010 section 3.1.3, RFC 8011 section 5.1.17). */
const findDuplicate = (attributes: readonly IppAttribute[]): string | undefined => {
  const seen = new Set<string>();
  for (const { name, values } of attributes) {
    if (seen.has(name)) return name;
    seen.add(name);
    for (const value of values) {
      const inner = value.tag === tags.begCollection ? findDuplicate(value.value) : undefined;
      if (inner !== undefined) return inner;
    }
  }
  return undefined;
};

const checkDuplicates = (groups: readonly IppGroup[]): Refusal | undefined => {
  for (const { attributes } of groups) {
    const name = findDuplicate(attributes);
    if (name !== undefined) return badRequest(`the attribute ${printable(name)} comes twice`);
  }
  return undefined;
};

/** Names come from anybody and go into a log line. */
const printable = (name: string): string => name.replace(/[^\x20-\x7e]/g, '?');

/** The one value of an attribute that must stand at its place with its syntax (RFC 8011 section 4.1.4). */
const soleValue = (attribute: IppAttribute | undefined, name: string, tag: number): string | undefined => {
  if (attribute?.name !== name || attribute.values.length !== 1) return undefined;
  const [value] = attribute.values;
  return value?.tag === tag && typeof value.value === 'string' ? value.value : undefined;
};

/** What every request must be, whatever it asks. `operationId` may still be one that the caller has not. */
export const checkRequest = (message: IppMessage): Accepted | Refusal => {
  const fault =
    checkVersion(message.version) ??
    checkRequestId(message) ??
    checkGroups(message.groups) ??
    checkDuplicates(message.groups);
  if (fault) return fault;
  const [operation] = message.groups;
  if (!operation) throw new Error('a request without groups passed the check of groups');
  const [first, second] = operation.attributes;
  const charset = soleValue(first, 'attributes-charset', tags.charset)?.toLowerCase();
  if (charset === undefined) return badRequest('the first attribute is not attributes-charset with one charset');
  const naturalLanguage = soleValue(second, 'attributes-natural-language', tags.naturalLanguage);
  if (naturalLanguage === undefined) {
    return badRequest('the second attribute is not attributes-natural-language with one naturalLanguage');
  }
  if (!charsets.has(charset)) {
    return refusal('client-error-charset-not-supported', `the charset ${printable(charset)} is not supported`);
  }
  if (naturalLanguage.length > longestLanguage || !languagePattern.test(naturalLanguage)) {
    return badRequest('attributes-natural-language is not a language tag');
  }
  return {
    ok: true,
    version: servedVersion(message.version),
    operationId: message.code,
    requestId: message.requestId,
    charset,
    naturalLanguage,
    operation,
  };
};
