// What the commands that do something with jobs share.

import type { Command } from 'commander';
import type { JobDetailAnswer } from '../../admin/job-answers.js';
import { type CliParts, openSession } from '../cli.js';
import { CliError, type ExitName } from '../exit-codes.js';
import { printable } from '../terminal.js';

/** Refusals that say nothing about the next job. */
const ofOneJob: readonly ExitName[] = ['refused', 'not-found'];

/** Asks for the act on each job in turn; those that are refused keep none of the others from it. */
export const actOnJobs = async (
  ids: readonly number[],
  word: string,
  command: Command,
  cli: CliParts,
): Promise<void> => {
  const { client, terminal, json, query } = await openSession(command, cli);
  const jobs: JobDetailAnswer[] = [];
  const refusals: CliError[] = [];
  for (const id of ids) {
    try {
      const job = await client.ask<JobDetailAnswer>('POST', `/api/1/jobs/${id}/${word}`, { query, body: {} });
      jobs.push(job);
      if (!json) terminal.line(`Job ${job.id} (${printable(job.name)}): ${job.state}.`);
    } catch (error) {
      if (!(error instanceof CliError) || !ofOneJob.includes(error.exit)) throw error;
      refusals.push(error);
    }
  }
  if (json) terminal.json({ jobs });
  const [first, ...others] = refusals;
  if (first === undefined) return;
  if (others.length === 0) throw first;
  throw new CliError(first.exit, refusals.map(({ message }) => message).join('\n'));
};

/** Collects the job ids of the command line. */
export const jobIds =
  (parse: (text: string) => number) =>
  (text: string, before: readonly number[] = []): readonly number[] => [...before, parse(text)];
