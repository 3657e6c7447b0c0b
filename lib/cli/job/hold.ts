// platen job hold

import type { Command } from 'commander';
import { jobId } from '../arguments.js';
import { type CliParts, examples } from '../cli.js';
import { actOnJobs, jobIds } from './act.js';

export const jobHold = (parent: Command, cli: CliParts): void => {
  parent
    .command('hold')
    .argument('<id...>', 'job ids', jobIds(jobId))
    .description('keep waiting jobs back until they are released')
    .addHelpText('after', examples('job hold 17'))
    .action(async (ids: readonly number[], _options: object, command: Command) => actOnJobs(ids, 'hold', command, cli));
};
