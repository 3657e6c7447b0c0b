// What a client is told about a queue, and what it may remove from it. LPD knows no passwords: the client's address is all that counts
// (R52); a user's name is a claim. By default everybody sees numbers, users and sizes; names of jobs and hosts only whoever comes from
// the address that sent the job (R53).

import { PlatenError } from '../../errors.js';
import type { JobRecord } from '../../model/job.js';
import type { PrinterRecord } from '../../model/printer.js';
import {
  formatLongStatus,
  formatShortStatus,
  type QueueEntry,
  selectEntries,
} from '../../protocols/lpd/queue-status.js';
import type { PrintSpooler } from '../../queue/print-spooler.js';
import { compareJobs } from '../../queue/schedule.js';

export interface QueueQuestion {
  readonly queue: string;
  /** The client's address. */
  readonly address: string;
  /** Job numbers and user names. */
  readonly list: readonly string[];
}

/** A longer queue is told by its first jobs: nobody reads more, and the answer is made in one step. */
const mostEntries = 1_000;

export const queueStatus = (
  spooler: PrintSpooler,
  { queue, address, list, long }: QueueQuestion & { long: boolean },
): string => {
  const printer = spooler.printers.get(queue);
  if (printer === undefined) return unknownQueue(queue);
  const jobs = [...spooler.jobs.unfinishedOf(queue)].sort((a, b) => rank(a) - rank(b) || compareJobs(a, b));
  const entries = selectEntries(
    jobs.map((job) => entryOf(job, address)),
    list,
  );
  const state = { queue, message: messageOf(spooler, printer), entries: entries.slice(0, mostEntries) };
  const text = long ? formatLongStatus(state) : formatShortStatus(state);
  return entries.length > mostEntries ? `${text}and ${entries.length - mostEntries} more\n` : text;
};

export const unknownQueue = (queue: string): string => `${queue}: unknown printer\n`;

/** In the order of printing, held jobs last. */
const stateOf = ({ state }: JobRecord): QueueEntry['state'] =>
  state === 'processing' ? 'active' : state === 'pending-held' ? 'held' : 'waiting';
const ranks: Readonly<Record<QueueEntry['state'], number>> = { active: 0, waiting: 1, held: 2 };
const rank = (job: JobRecord): number => ranks[stateOf(job)];

const entryOf = (job: JobRecord, address: string): QueueEntry => {
  const shown = job.origin.address === address;
  return {
    id: job.id,
    state: stateOf(job),
    owner: job.user,
    host: shown ? (job.host ?? '') : '',
    copies: job.copies,
    files: job.documents.map((document) => ({
      name: shown ? (document.name ?? job.name) : '',
      octets: document.length,
    })),
  };
};

const messageOf = (spooler: PrintSpooler, printer: PrinterRecord): string => {
  const { state, message } = spooler.printerState(printer);
  const text = message === '' ? '' : `: ${message}`;
  if (state === 'stopped') return `stopped${text}`;
  return `${state === 'processing' ? 'ready and printing' : 'ready'}${text}`;
};

/**
 * Removes jobs that came from the client's address (RFC 1179 section 5.5): those listed by number, or by user; without a list the one
 * that is being printed. The agent must be their user, or `root`. Answers with a line for each job removed.
 */
export const removeJobs = async (
  spooler: PrintSpooler,
  { queue, address, list, agent }: QueueQuestion & { agent: string },
): Promise<string> => {
  if (spooler.printers.get(queue) === undefined) return unknownQueue(queue);
  const meant = (job: JobRecord): boolean =>
    list.length === 0 ? job.state === 'processing' : list.some((word) => word === String(job.id) || word === job.user);
  const allowed = (job: JobRecord): boolean =>
    job.origin.address === address && (agent === 'root' || agent === job.user);
  const jobs = [...spooler.jobs.unfinishedOf(queue)].filter((job) => meant(job) && allowed(job));
  let answer = '';
  for (const { id } of jobs) if (await isCanceled(spooler, id)) answer += `job ${id} removed\n`;
  return answer === '' ? 'no job removed\n' : answer;
};

const isCanceled = async (spooler: PrintSpooler, id: number): Promise<boolean> => {
  try {
    await spooler.control.cancel(id, 'job-canceled-by-user');
    return true;
  } catch (error) {
    // It ended by itself in the meantime.
    if (error instanceof PlatenError && (error.code === 'job-not-possible' || error.code === 'job-not-found'))
      return false;
    throw error;
  }
};
