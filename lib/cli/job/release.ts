// platen job release

import type { Command } from 'commander';
import { jobId } from '../arguments.js';
import { type CliParts, examples } from '../cli.js';
import { actOnJobs, jobIds } from './act.js';

export const jobRelease = (parent: Command, cli: CliParts): void => {
  parent
    .command('release')
    .argument('<id...>', 'job ids', jobIds(jobId))
    .description('end any hold of jobs')
    .addHelpText('after', examples('job release 17'))
    .action(async (ids: readonly number[], _options: object, command: Command) =>
      actOnJobs(ids, 'release', command, cli),
    );
};
