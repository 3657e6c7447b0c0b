// What the commands that do something with jobs share.

import type { Command } from 'commander';
import type { JobDetailAnswer } from '../../admin/job-answers.js';
import { type CliParts, openSession } from '../cli.js';
import { printable } from '../terminal.js';

/** Asks for the act on each job in turn, up to the first that is refused. */
export const actOnJobs = async (
  ids: readonly number[],
  word: string,
  command: Command,
  cli: CliParts,
): Promise<void> => {
  const { client, terminal, json, query } = await openSession(command, cli);
  const jobs: JobDetailAnswer[] = [];
  for (const id of ids) {
    const job = await client.ask<JobDetailAnswer>('POST', `/api/1/jobs/${id}/${word}`, { query, body: {} });
    jobs.push(job);
    if (!json) terminal.line(`Job ${job.id} (${printable(job.name)}): ${job.state}.`);
  }
  if (json) terminal.json({ jobs });
};

/** Collects the job ids of the command line. */
export const jobIds =
  (parse: (text: string) => number) =>
  (text: string, before: readonly number[] = []): readonly number[] => [...before, parse(text)];
