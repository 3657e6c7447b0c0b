// platen job print

import { open } from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { type Command, Option } from 'commander';
import type { JobDetailAnswer } from '../../admin/job-answers.js';
import { isFinished } from '../../model/job.js';
import { wholeNumber } from '../arguments.js';
import { type CliParts, examples, openSession, type Session } from '../cli.js';
import { CliError } from '../exit-codes.js';
import { printable } from '../terminal.js';
import { UploadProgress } from './upload-progress.js';

interface Options {
  readonly printer: string;
  readonly name?: string;
  readonly copies?: number;
  readonly priority?: number;
  readonly format?: string;
  readonly hold?: boolean;
  readonly wait?: boolean;
}

const lookEveryMs = 500;

/** The file's octets and, for a regular file, their number. */
const openFile = async (file: string, stdin: Readable): Promise<{ source: Readable; length: number | undefined }> => {
  if (file === '-') return { source: stdin, length: undefined };
  try {
    const handle = await open(file);
    const facts = await handle.stat();
    if (facts.isDirectory()) {
      await handle.close();
      throw new Error('it is a directory');
    }
    if (!facts.isFile()) return { source: handle.createReadStream(), length: undefined };
    if (facts.size === 0) {
      await handle.close();
      throw new Error('it is empty');
    }
    // What is appended meanwhile is not part of the job.
    return { source: handle.createReadStream({ end: facts.size - 1 }), length: facts.size };
  } catch (error) {
    throw new CliError('usage', `${file} cannot be printed: ${(error as Error).message}`);
  }
};

const stateText = ({ id, state, message }: JobDetailAnswer): string =>
  `Job ${id}: ${state}${message === undefined || message === '' ? '' : `, ${printable(message)}`}`;

/** Follows the job to its end, or to a hold that only a person ends. */
const follow = async (
  job: JobDetailAnswer,
  { client, terminal, query }: Session,
  cli: CliParts,
): Promise<JobDetailAnswer> => {
  let said = '';
  for (let current = job; ; current = await client.get<JobDetailAnswer>(`/api/1/jobs/${job.id}`, query)) {
    const text = stateText(current);
    if (text !== said) terminal.note(text);
    said = text;
    if (isFinished(current.state) || current.state === 'pending-held') return current;
    await cli.clock.sleep(lookEveryMs);
  }
};

const assertPrinted = ({ id, state }: JobDetailAnswer): void => {
  if (state === 'completed') return;
  const advice = state === 'pending-held' ? `platen job release ${id} sends it again.` : undefined;
  throw new CliError('refused', `job ${id} was not printed: it is ${state}`, advice);
};

export const jobPrint = (parent: Command, cli: CliParts): void => {
  parent
    .command('print')
    .argument('<file>', 'the file, as the printer understands it; "-" for standard input')
    .description('print a file')
    .requiredOption('--printer <name>', 'where')
    .option('--name <text>', "the job's name; default: the file's")
    .option('--copies <number>', 'how many times', wholeNumber(1, 9_999))
    .option('--priority <number>', '1 (lowest) to 100', wholeNumber(1, 100))
    .option('--format <type>', 'media type of the file')
    .addOption(new Option('--hold', 'keep it back until it is released').conflicts('wait'))
    .option('--wait', 'follow the job to its end; exit code 0 only when it is printed')
    .addHelpText(
      'after',
      examples(
        'job print letter.pdf --printer lobby --copies 2',
        'job print - --printer labels --name "Labels" --wait < labels.zpl',
      ),
    )
    .action(async (file: string, options: Options, command: Command) => {
      const session = await openSession(command, cli);
      const { client, terminal, json, query } = session;
      const { source, length } = await openFile(file, cli.stdin);
      const { printer, copies, priority, format, hold, wait } = options;
      const name = options.name ?? (file === '-' ? 'standard input' : path.basename(file));
      const progress = new UploadProgress({ stream: terminal.errors, clock: cli.clock, total: length });
      const said = {
        ...query,
        printer,
        name,
        user: cli.user,
        copies,
        priority,
        format,
        hold: hold === true ? 'indefinite' : undefined,
      };
      const accepted = await client
        .upload<JobDetailAnswer>('/api/1/jobs', said, { source, length, onProgress: (sent) => progress.update(sent) })
        .finally(() => progress.end());
      const job = wait === true ? await follow(accepted, session, cli) : accepted;
      if (json) terminal.json(job);
      else if (wait !== true) terminal.line(`Job ${job.id} is accepted for ${printable(job.printer)}.`);
      if (wait === true) assertPrinted(job);
    });
};
