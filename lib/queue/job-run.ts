// One attempt to print one job, from top to bottom. Every exit is an outcome; no verdict is taken here.

import { PlatenError } from '../errors.js';
import { type DeviceScheme, parseDeviceUri } from '../model/device-uri.js';
import type { StoredDocument } from '../model/document.js';
import type { JobRecord } from '../model/job.js';
import type { Attempt, Outcome } from '../model/outcome.js';
import type { Tenure } from '../model/ownership.js';
import type { PrinterRecord } from '../model/printer.js';
import type { Clock } from '../platform/clock.js';
import type { Port, Progress } from '../ports/port.js';
import { deviceSource } from './device-source.js';
import type { Documents } from './documents.js';
import * as change from './job-changes.js';
import type { JobTable } from './job-table.js';
import type { LocalCopies } from './local-copies.js';

export interface JobRunParts {
  readonly tenure: Tenure;
  readonly jobs: JobTable;
  readonly documents: Documents;
  readonly localCopies: LocalCopies;
  readonly clock: Clock;
  readonly ports: Readonly<Record<DeviceScheme, Port>>;
  /** What LPD's `H` line and IPP's requesting host say: the virtual server's name. */
  readonly serverName: string;
  /** Where connections to devices must come from: the virtual server's addresses; none: from anywhere. */
  readonly sourceAddresses?: (() => readonly string[]) | undefined;
  /** The device's life-time page counter, where it can be had soon. */
  readonly pageCount: (printer: PrinterRecord) => Promise<number | undefined>;
  /** Documents of earlier epochs that were found to be what was received. */
  readonly trusted: WeakSet<StoredDocument>;
  /** Told when an attempt is on record: its first byte leaves now. */
  readonly onBegin?: (() => void) | undefined;
  /** Jobs of which a document was found damaged while it was being sent: all are read again before the next attempt. */
  readonly doubted: Set<number>;
}

export interface JobRunControl {
  readonly signal: AbortSignal;
  /** Puts the end of the device's job before on record; false when that is not possible. */
  readonly before: () => Promise<boolean>;
  /** Told before the attempt is put on record. */
  readonly beginning: () => void;
  readonly progress: (progress: Progress) => void;
}

export interface JobRunEnd {
  readonly outcome: Outcome;
  readonly pagesAfter?: number;
}

/** Documents that an earlier spell of ownership received are read once before they are trusted (R8). */
const checkDocuments = async (
  job: JobRecord,
  { documents, tenure, trusted, doubted }: JobRunParts,
  signal: AbortSignal,
): Promise<'intact' | 'stopped' | StoredDocument> => {
  for (const document of job.documents) {
    const isTrusted = documents.isOfEpoch(document, tenure.epoch) || trusted.has(document);
    if (isTrusted && !doubted.has(job.id)) continue;
    try {
      // Reading a document compares it with what was received.
      for await (const _ of documents.read(tenure.group, document)) if (signal.aborted) return 'stopped';
    } catch (error) {
      if (isDamaged(error)) return document;
      throw error;
    }
    trusted.add(document);
  }
  doubted.delete(job.id);
  return 'intact';
};

const isDamaged = (error: unknown): boolean => error instanceof PlatenError && error.code === 'document-damaged';

/** The job with all its documents here and intact; undefined when the signal aborted. Throws `document-damaged` when one cannot be had. */
const prepared = async (job: JobRecord, parts: JobRunParts, signal: AbortSignal): Promise<JobRecord | undefined> => {
  const { localCopies } = parts;
  let ready = localCopies.areHere(job) ? job : await unlessAborted(localCopies.bring(job), signal);
  // Each damaged copy is replaced once: another node's was verified when it was fetched.
  for (let left = job.documents.length; ready !== undefined; left -= 1) {
    const found = await checkDocuments(ready, parts, signal);
    if (found === 'intact') return ready;
    if (found === 'stopped') return undefined;
    if (left === 0) throw new PlatenError('document-damaged');
    ready = await unlessAborted(localCopies.replace(ready, found), signal);
  }
  return undefined;
};

/** Undefined at once when the signal aborts; what was begun goes on by itself. */
const unlessAborted = <T>(work: Promise<T>, signal: AbortSignal): Promise<T | undefined> =>
  new Promise((resolve, reject) => {
    const stop = (): void => resolve(undefined);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });

const stoppedBefore: JobRunEnd = {
  outcome: { result: 'canceled', evidence: 'not-started', detail: 'the job was stopped before it was sent', bytes: 0 },
};

const damagedHere: Outcome = {
  result: 'interrupted',
  evidence: 'partial',
  detail: 'the copy of a document on this node is damaged; another one is fetched',
  bytes: 0,
};

const outgoing = (job: JobRecord, document: StoredDocument, { documents, tenure }: JobRunParts) => ({
  name: document.name ?? job.name,
  format: document.format,
  length: document.length,
  open: () => documents.read(tenure.group, document),
});

/**
 * Throws `document-damaged` when a document is not what was received and no other node has it whole (nothing, or only a part, has left then);
 * `job-not-possible` or `job-not-found` when the job was changed before its first byte, and what the store threw when the attempt
 * could not be put on record (nothing has left then).
 */
export const runJob = async (
  given: JobRecord,
  printer: PrinterRecord,
  parts: JobRunParts,
  control: JobRunControl,
): Promise<JobRunEnd> => {
  const { tenure, jobs, clock, ports, serverName } = parts;
  const parsed = parseDeviceUri(printer.deviceUri);
  if (!parsed.ok) throw new Error(`printer ${printer.name} has a device URI that was never valid: ${parsed.reason}`);
  const job = await prepared(given, parts, control.signal);
  if (job === undefined) return stoppedBefore;
  const pagesBefore = await parts.pageCount(printer);

  const addresses = parts.sourceAddresses?.() ?? [];
  const source = deviceSource(job, printer, { addresses, epoch: tenure.epoch });

  const outcome = await ports[parsed.uri.scheme]
    .print(
      { uri: parsed.uri, addresses: printer.deviceAddresses, options: printer.device, source },
      {
        job: { id: job.id, uuid: job.uuid, name: job.name, user: job.user, host: serverName },
        documents: job.documents.map((document) => outgoing(job, document, parts)),
        copies: job.copies,
        signal: control.signal,
        mayContinue: () => tenure.holds(),
        begin: async ({ sourcePort }) => {
          const attempt: Attempt = {
            number: job.attemptCount + 1,
            node: tenure.node,
            epoch: tenure.epoch,
            sourcePort,
            started: clock.wall(),
            evidence: 'partial',
            bytes: 0,
            detail: '',
            ...(pagesBefore === undefined ? {} : { pagesBefore }),
          };
          control.beginning();
          // Asked for together, so that the store can write both at once; no byte leaves before both are on record (R13).
          const before = control.before();
          await jobs.update(job.id, (current) => {
            if (current !== job)
              throw new PlatenError('job-not-possible', `job ${job.id} was changed while its printer was being called`);
            return change.begin(current, attempt, clock.wall());
          });
          if (!(await before)) throw new PlatenError('store-unreachable', 'the end of the job before is not on record');
          parts.onBegin?.();
        },
        progress: control.progress,
      },
    )
    .catch((error: unknown) => {
      if (!isDamaged(error) || parts.documents.replication === undefined) throw error;
      parts.doubted.add(job.id);
      return damagedHere;
    });
  const pagesAfter = pagesBefore === undefined ? undefined : await parts.pageCount(printer);
  return { outcome, ...(pagesAfter === undefined ? {} : { pagesAfter }) };
};
