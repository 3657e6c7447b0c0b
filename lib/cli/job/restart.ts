// platen job restart

import type { Command } from 'commander';
import { jobId } from '../arguments.js';
import { type CliParts, examples } from '../cli.js';
import { actOnJobs, jobIds } from './act.js';

export const jobRestart = (parent: Command, cli: CliParts): void => {
  parent
    .command('restart')
    .argument('<id...>', 'job ids', jobIds(jobId))
    .description('print finished jobs again, under their ids')
    .addHelpText('after', examples('job restart 17'))
    .action(async (ids: readonly number[], _options: object, command: Command) =>
      actOnJobs(ids, 'restart', command, cli),
    );
};
