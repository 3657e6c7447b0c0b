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
}

export interface JobRunControl {
  readonly signal: AbortSignal;
  progress(progress: Progress): void;
}

export interface JobRunEnd {
  readonly outcome: Outcome;
  readonly pagesAfter?: number;
}

/** Documents that an earlier spell of ownership received are read once before they are trusted (R8). */
const checkDocuments = async (job: JobRecord, { spool, tenure }: JobRunParts): Promise<void> => {
  for (const document of job.documents) {
    if (document.epoch === tenure.epoch) continue;
    const found = await spool.verify(tenure.group, document);
    if (found !== 'intact')
      throw new PlatenError('document-damaged', `document ${document.number} of job ${job.id} is ${found}`);
  }
};

const outgoing = (job: JobRecord, document: StoredDocument, { spool, tenure }: JobRunParts) => ({
  name: document.name ?? job.name,
  format: document.format,
  length: document.length,
  open: () => spool.read(tenure.group, document),
});

/**
 * Throws `document-damaged` when a document is not what was received (nothing, or only a part of it, has left then),
 * and what the store threw when the attempt could not be put on record (nothing has left then).
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
  await checkDocuments(job, parts);
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
        await jobs.update(job.id, (current) => change.begin(current, attempt, clock.wall()));
      },
      progress: control.progress,
    },
  );
  const pagesAfter = pagesBefore === undefined ? undefined : await parts.pageCount(printer);
  return { outcome, ...(pagesAfter === undefined ? {} : { pagesAfter }) };
};
