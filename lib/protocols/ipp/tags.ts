// Delimiter tags (RFC 8010 section 3.5.1) and value tags (section 3.5.2).

export const groupTags = {
  operation: 0x01,
  job: 0x02,
  /** Ends the attributes; what follows is document data. */
  end: 0x03,
  printer: 0x04,
  unsupported: 0x05,
  subscription: 0x06,
  eventNotification: 0x07,
  resource: 0x08,
  document: 0x09,
  system: 0x0a,
} as const;

export const tags = {
  unsupported: 0x10,
  default: 0x11,
  unknown: 0x12,
  noValue: 0x13,
  notSettable: 0x15,
  deleteAttribute: 0x16,
  adminDefine: 0x17,
  integer: 0x21,
  boolean: 0x22,
  enum: 0x23,
  octetString: 0x30,
  dateTime: 0x31,
  resolution: 0x32,
  rangeOfInteger: 0x33,
  begCollection: 0x34,
  textWithLanguage: 0x35,
  nameWithLanguage: 0x36,
  endCollection: 0x37,
  text: 0x41,
  name: 0x42,
  keyword: 0x44,
  uri: 0x45,
  uriScheme: 0x46,
  charset: 0x47,
  naturalLanguage: 0x48,
  mimeMediaType: 0x49,
  memberAttrName: 0x4a,
  /** The value begins with a tag of four octets; kept raw. */
  extension: 0x7f,
} as const;

/** Tags below this one delimit groups, all others introduce a value. */
export const firstValueTag = 0x10;

type Tags = typeof tags;
type Octet<Counted extends number[] = []> = Counted['length'] extends 256
  ? Counted[number]
  : Octet<[...Counted, Counted['length']]>;
type DelimiterTag = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 | 11 | 12 | 13 | 14 | 15;

export type OutOfBandTag = Tags[
  | 'unsupported'
  | 'default'
  | 'unknown'
  | 'noValue'
  | 'notSettable'
  | 'deleteAttribute'
  | 'adminDefine'];
export type StringTag = Tags[
  | 'text'
  | 'name'
  | 'keyword'
  | 'uri'
  | 'uriScheme'
  | 'charset'
  | 'naturalLanguage'
  | 'mimeMediaType'];
/** Values that are kept as the octets that came: octetString, the extension tag, and every tag that no standard has assigned. */
export type RawTag = Exclude<Octet, DelimiterTag | Exclude<Tags[keyof Tags], Tags['octetString' | 'extension']>>;

const outOfBandTags: ReadonlySet<number> = new Set([
  tags.unsupported,
  tags.default,
  tags.unknown,
  tags.noValue,
  tags.notSettable,
  tags.deleteAttribute,
  tags.adminDefine,
]);
const assignedTags: ReadonlySet<number> = new Set(Object.values(tags));

export const isOutOfBandTag = (tag: number): tag is OutOfBandTag => outOfBandTags.has(tag);

export const isRawTag = (tag: number): tag is RawTag =>
  tag === tags.octetString || tag === tags.extension || (tag >= firstValueTag && tag <= 0xff && !assignedTags.has(tag));
