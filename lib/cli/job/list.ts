// platen job list

import { type Command, Option } from 'commander';
import type { JobAnswer } from '../../admin/job-answers.js';
import type { JobsAnswer } from '../../admin/job-routes.js';
import { wholeNumber } from '../arguments.js';
import { type CliParts, examples, openSession, type Session } from '../cli.js';
import { momentText, octetsText } from '../figures.js';

interface Options {
  readonly which: string;
  readonly printer?: string;
  readonly limit: number;
}

const collect = async (
  { client, query }: Session,
  { which, printer, limit }: Options,
): Promise<{ jobs: JobAnswer[]; more: boolean }> => {
  const jobs: JobAnswer[] = [];
  let from: number | undefined;
  do {
    const page = await client.get<JobsAnswer>('/api/1/jobs', {
      ...query,
      which,
      printer,
      limit: Math.min(250, limit - jobs.length),
      from,
    });
    jobs.push(...page.jobs);
    from = page.next;
  } while (from !== undefined && jobs.length < limit);
  return { jobs, more: from !== undefined };
};

export const jobList = (parent: Command, cli: CliParts): void => {
  parent
    .command('list')
    .description('jobs; without options, those that are not finished')
    .addOption(
      new Option('--which <jobs>', 'which ones')
        .choices(['not-completed', 'completed', 'all'])
        .default('not-completed'),
    )
    .option('--printer <name>', 'of one printer only')
    .option('--limit <number>', 'so many at most', wholeNumber(1, 1_000_000), 500)
    .addHelpText('after', examples('job list', 'job list --which completed --printer lobby --limit 20'))
    .action(async (options: Options, command: Command) => {
      const session = await openSession(command, cli);
      const { terminal, json } = session;
      const { jobs, more } = await collect(session, options);
      if (more) terminal.note(`There are more than ${jobs.length}: --limit shows more.`);
      if (json) return terminal.json({ jobs });
      if (jobs.length === 0)
        return terminal.note(
          options.which === 'not-completed' ? 'There are no unfinished jobs.' : 'There are no such jobs.',
        );
      terminal.table(
        ['ID', 'PRINTER', 'STATE', 'USER', 'NAME', 'SIZE', 'ACCEPTED', 'MESSAGE'],
        jobs.map((job) => [
          job.id,
          job.printer,
          job.state,
          job.user,
          job.name,
          octetsText(job.octets),
          momentText(job.created),
          job.message ?? '',
        ]),
      );
    });
};
