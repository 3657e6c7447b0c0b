// How a job is shown: short in lists, whole with its documents and attempts. Documents' bytes are never shown (R54).

import { z } from 'zod';
import { type JobRecord, jobOctets, jobStates } from '../model/job.js';
import { results } from '../model/outcome.js';
import type { PrintSpooler } from '../queue/print-spooler.js';
import { time } from './fields.js';
import { progressAnswer } from './printer-answers.js';

export const jobAnswer = z.object({
  id: z.number(),
  uuid: z.string(),
  printer: z.string(),
  state: z.enum(jobStates),
  reasons: z.array(z.string()).describe('job-state-reasons keywords'),
  message: z.string().optional(),
  name: z.string(),
  user: z.string().describe('What the client said; not proven'),
  host: z.string().optional(),
  origin: z.object({ protocol: z.enum(['ipp', 'lpd', 'rest']), address: z.string() }),
  priority: z.number(),
  copies: z.number(),
  octets: z.number(),
  documentCount: z.number(),
  attemptCount: z.number(),
  resends: z.number().describe('How often its client sent it again and was told of this job'),
  resendOf: z.number().optional().describe('The job that this one was found to be'),
  failures: z.number().describe('Failed attempts since it was released or restarted last'),
  hold: z
    .object({
      by: z.enum(['client', 'attempts', 'interrupted', 'document']),
      until: z.string(),
      endsAt: time('When the hold ends by itself').optional(),
    })
    .optional(),
  created: time('When it was accepted'),
  processing: time('When it was sent last').optional(),
  completed: time('When it ended').optional(),
});
export type JobAnswer = z.output<typeof jobAnswer>;

export const jobDetailAnswer = jobAnswer.extend({
  documents: z.array(
    z.object({
      number: z.number(),
      name: z.string().optional(),
      format: z.string(),
      length: z.number(),
      sha256: z.string(),
      holders: z.array(z.string()).describe('Nodes that hold a copy'),
    }),
  ),
  documentsKept: z.boolean().describe('The documents are in the spool'),
  attempts: z.array(
    z.object({
      number: z.number(),
      node: z.string(),
      epoch: z.number(),
      sourcePort: z.number(),
      started: time('When it began'),
      ended: time('When it ended').optional(),
      result: z.enum(results).optional(),
      evidence: z.enum(['not-started', 'partial', 'sent-unconfirmed', 'confirmed']),
      bytes: z.number(),
      detail: z.string(),
      pagesBefore: z.number().optional(),
      pagesAfter: z.number().optional(),
    }),
  ),
  progress: progressAnswer.optional().describe('Of the attempt that is under way'),
});
export type JobDetailAnswer = z.output<typeof jobDetailAnswer>;

export const showJob = (job: JobRecord): JobAnswer => {
  const { id, uuid, printer, state, reasons, name, user, origin, priority, copies, documents, attemptCount } = job;
  const { message, host, hold, processing, completed } = job;
  return {
    id,
    uuid,
    printer,
    state,
    reasons: [...reasons],
    name,
    user,
    origin,
    priority,
    copies,
    attemptCount,
    octets: jobOctets(job),
    documentCount: documents.length,
    failures: job.failures,
    resends: job.resends ?? 0,
    ...(job.resendOf === undefined ? {} : { resendOf: job.resendOf }),
    created: job.created,
    ...(message === undefined ? {} : { message }),
    ...(host === undefined ? {} : { host }),
    ...(hold === undefined ? {} : { hold }),
    ...(processing === undefined ? {} : { processing }),
    ...(completed === undefined ? {} : { completed }),
  };
};

export const showJobDetail = (job: JobRecord, spooler: PrintSpooler): JobDetailAnswer => {
  const lane = spooler.lane(job.printer);
  return {
    ...showJob(job),
    documents: job.documents.map(({ number, name, format, length, sha256, holders }) => ({
      number,
      format,
      length,
      sha256,
      holders: Object.keys(holders),
      ...(name === undefined ? {} : { name }),
    })),
    documentsKept: job.completed === undefined || job.documentsKept === true,
    attempts: job.attempts.map((attempt) => ({ ...attempt })),
    ...(lane.job === job.id && lane.progress !== undefined ? { progress: lane.progress } : {}),
  };
};
