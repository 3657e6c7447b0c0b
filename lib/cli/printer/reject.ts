// platen printer reject

import type { Command } from 'commander';
import { segment } from '../arguments.js';
import { type CliParts, examples } from '../cli.js';
import { actOnPrinter } from './act.js';

export const printerReject = (parent: Command, cli: CliParts): void => {
  parent
    .command('reject')
    .argument('<name>', 'the printer', segment)
    .description('accept no further job; those that wait are printed')
    .addHelpText('after', examples('printer reject lobby'))
    .action(async (name: string, _options: object, command: Command) => actOnPrinter(name, 'reject', {}, command, cli));
};
