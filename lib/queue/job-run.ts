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
import type { Spool } from '../spool/spool.js';
import * as change from './job-changes.js';
import type { JobTable } from './job-table.js';

export interface JobRunParts {
  readonly tenure: Tenure;
  readonly jobs: JobTable;
  readonly spool: Spool;
  readonly clock: Clock;
  readonly ports: Readonly<Record<DeviceScheme, Port>>;
  /** What LPD's `H` line and IPP's requesting host say: the virtual server's name. */
  readonly serverName: string;
  /** The device's life-time page counter, where it can be had soon. */
  readonly pageCount: (printer: PrinterRecord) => Promise<number | undefined>;
  /** Documents of earlier epochs that were found to be what was received. */
  readonly trusted: WeakSet<StoredDocument>;
  /** Told when an attempt is on record: its first byte leaves now. */
  readonly onBegin?: (() => void) | undefined;
}

export interface JobRunControl {
  readonly signal: AbortSignal;
  /** Puts the end of the device's job before on record; false when that is not possible. */
  readonly before: () => Promise<boolean>;
  readonly progress: (progress: Progress) => void;
}

export interface JobRunEnd {
  readonly outcome: Outcome;
  readonly pagesAfter?: number;
}

/** Documents that an earlier spell of ownership received are read once before they are trusted (R8). False when the signal aborted. */
const checkDocuments = async (
  job: JobRecord,
  { spool, tenure, trusted }: JobRunParts,
  signal: AbortSignal,
): Promise<boolean> => {
  for (const document of job.documents) {
    if (document.epoch === tenure.epoch || trusted.has(document)) continue;
    // Reading a document compares it with what was received.
    for await (const _ of spool.read(tenure.group, document)) if (signal.aborted) return false;
    trusted.add(document);
  }
  return true;
};

const stoppedBefore: JobRunEnd = {
  outcome: { result: 'canceled', evidence: 'not-started', detail: 'the job was stopped before it was sent', bytes: 0 },
};

const outgoing = (job: JobRecord, document: StoredDocument, { spool, tenure }: JobRunParts) => ({
  name: document.name ?? job.name,
  format: document.format,
  length: document.length,
  open: () => spool.read(tenure.group, document),
});

/**
 * Throws `document-damaged` when a document is not what was received (nothing, or only a part of it, has left then);
 * `job-not-possible` or `job-not-found` when the job was changed before its first byte, and what the store threw when the attempt
 * could not be put on record (nothing has left then).
 */
export const runJob = async (
  job: JobRecord,
  printer: PrinterRecord,
  parts: JobRunParts,
  control: JobRunControl,
): Promise<JobRunEnd> => {
  const { tenure, jobs, clock, ports, serverName } = parts;
  const parsed = parseDeviceUri(printer.deviceUri);
  if (!parsed.ok) throw new Error(`printer ${printer.name} has a device URI that was never valid: ${parsed.reason}`);
  if (!(await checkDocuments(job, parts, control.signal))) return stoppedBefore;
  const pagesBefore = await parts.pageCount(printer);

  const outcome = await ports[parsed.uri.scheme].print(
    { uri: parsed.uri, options: printer.device },
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
  );
  const pagesAfter = pagesBefore === undefined ? undefined : await parts.pageCount(printer);
  return { outcome, ...(pagesAfter === undefined ? {} : { pagesAfter }) };
};
