// What operators are told: events with stable codes. They are kept in the store, bounded in number.

export const eventCodes = {
  'node-started': 'the node is ready',
  'node-stopping': 'the node was told to stop',
  'node-fenced': 'a node was declared dead: its groups may be taken',
  'node-drained': 'a node was told to give its groups away and take none',
  'node-resumed': 'a node takes groups again',
  'group-created': 'a group was created',
  'group-changed': 'a group was changed',
  'group-removed': 'a group was removed',
  'groups-given-up': 'a node could not renew, or may not have run: it stopped all that it owned',
  'store-unreachable': 'the store did not answer a node from then on; written when it is back',
  'store-back': 'the store answers again',
  'owner-changed': 'a group came to another node',
  'resource-failed': 'a resource of a group cannot be online',
  'printer-added': 'a printer was created',
  'printer-changed': 'a printer was changed',
  'printer-removed': 'a printer was removed',
  'printer-paused': 'a printer starts no further job',
  'printer-resumed': 'a printer prints again',
  'printer-unreachable': 'a printer does not take jobs; it is tried again for ever',
  'printer-reachable': 'a printer takes jobs again',
  'printer-stalled': 'a printer has stopped reading in the middle of a job; the job waits',
  'job-held': 'a job was held after too many failed attempts',
  'document-damaged': 'a document is missing or not what was received; its job is held',
  'copies-short': 'jobs are taken on fewer nodes than they should be on',
  'copies-enough': 'jobs are taken on as many nodes as they should be on again',
  'peer-dropped': 'another node takes no documents in time; others are used',
  'peer-back': 'another node takes documents again',
  'spool-quarantined': 'files that belong to no job were moved to quarantine',
  'spool-full': 'a job was refused because the disk is full',
} as const;

export type EventCode = keyof typeof eventCodes;

/** Something is not as it should be; the others are news. */
export const troubles: ReadonlySet<EventCode> = new Set([
  'node-fenced',
  'groups-given-up',
  'store-unreachable',
  'resource-failed',
  'printer-unreachable',
  'printer-stalled',
  'job-held',
  'document-damaged',
  'copies-short',
  'peer-dropped',
  'spool-quarantined',
  'spool-full',
]);

export interface EventRecord {
  readonly version: 1;
  readonly sequence: number;
  /** Wall clock, ms since 1970. */
  readonly at: number;
  readonly code: EventCode;
  readonly node: string;
  readonly group?: string;
  readonly printer?: string;
  readonly job?: number;
  readonly text: string;
}
