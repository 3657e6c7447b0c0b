// Finds the printer or job that a request speaks of (RFC 8011 section 4.1.5).

import { PlatenError, ProtocolError } from '../../errors.js';
import type { JobRecord } from '../../model/job.js';
import type { PrinterRecord } from '../../model/printer.js';
import { integerOf, stringOf } from '../../protocols/ipp/lookup.js';
import { standingFor } from '../../queue/job-changes.js';
import type { PrintSpooler } from '../../queue/print-spooler.js';
import type { IppRequest } from './request.js';
import { readUri, type UriTarget } from './uris.js';

const badRequest = (detail: string): ProtocolError => new ProtocolError('client-error-bad-request', detail);

const uriTarget = (request: IppRequest, attribute: 'printer-uri' | 'job-uri'): UriTarget | undefined => {
  const uri = stringOf(request.operation, attribute);
  if (uri === undefined) return undefined;
  const target = readUri(uri);
  if (target === undefined) throw new PlatenError('printer-not-found', `${attribute} names nothing that is here`);
  return target;
};

/** The printer that is meant by a client who names none: the first by name. */
export const defaultPrinter = (spooler: PrintSpooler): PrinterRecord | undefined => spooler.printers.all()[0];

const printerFor = (target: UriTarget, spooler: PrintSpooler): PrinterRecord | undefined => {
  switch (target.kind) {
    case 'printer':
      return spooler.printers.must(target.name);
    case 'default-printer': {
      const printer = defaultPrinter(spooler);
      if (printer === undefined) throw new PlatenError('printer-not-found');
      return printer;
    }
    case 'server':
      return undefined;
    case 'job':
      throw badRequest('printer-uri names a job');
    default:
      return target satisfies never;
  }
};

/** `undefined` stands for the server's own URI. */
export const printerOrServer = (request: IppRequest, spooler: PrintSpooler): PrinterRecord | undefined => {
  const target = uriTarget(request, 'printer-uri');
  if (target === undefined) throw badRequest('printer-uri is missing');
  return printerFor(target, spooler);
};

export const printerOf = (request: IppRequest, spooler: PrintSpooler): PrinterRecord => {
  const printer = printerOrServer(request, spooler);
  if (printer === undefined) throw new PlatenError('printer-not-found', 'printer-uri names the server, not a printer');
  return printer;
};

/** The job that is printed: another one where the client's is a resend. */
export const actualId = ({ id, resendOf = id }: JobRecord): number => resendOf;

/** A job that was found to be a resend is seen as the first one, under its own id. */
export const jobOf = async (request: IppRequest, spooler: PrintSpooler): Promise<JobRecord> => {
  const target = uriTarget(request, 'job-uri');
  if (target !== undefined) {
    if (target.kind !== 'job') throw badRequest('job-uri names no job');
    return mustFind(target.id, spooler);
  }
  const printer = printerOrServer(request, spooler);
  const id = integerOf(request.operation, 'job-id');
  if (id === undefined) throw badRequest('job-id is missing');
  if (id < 1) throw badRequest('job-id is not positive');
  const job = await mustFind(id, spooler);
  if (printer !== undefined && job.printer !== printer.name)
    throw new PlatenError('job-not-found', `printer ${printer.name} has no job ${id}`);
  return job;
};

const mustFind = async (id: number, spooler: PrintSpooler): Promise<JobRecord> => {
  const job = await spooler.jobs.find(id);
  if (job === undefined) throw new PlatenError('job-not-found', `there is no job ${id}`);
  const first = job.resendOf === undefined ? undefined : await spooler.jobs.find(job.resendOf);
  return first === undefined ? job : standingFor(job, first);
};
