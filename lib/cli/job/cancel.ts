// platen job cancel

import type { Command } from 'commander';
import { jobId } from '../arguments.js';
import { type CliParts, examples } from '../cli.js';
import { actOnJobs, jobIds } from './act.js';

export const jobCancel = (parent: Command, cli: CliParts): void => {
  parent
    .command('cancel')
    .argument('<id...>', 'job ids', jobIds(jobId))
    .description('end jobs that are not finished')
    .addHelpText('after', examples('job cancel 17 18'))
    .action(async (ids: readonly number[], _options: object, command: Command) =>
      actOnJobs(ids, 'cancel', command, cli),
    );
};
