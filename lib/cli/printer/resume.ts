// platen printer resume

import type { Command } from 'commander';
import { segment } from '../arguments.js';
import { type CliParts, examples } from '../cli.js';
import { actOnPrinter } from './act.js';

export const printerResume = (parent: Command, cli: CliParts): void => {
  parent
    .command('resume')
    .argument('<name>', 'the printer', segment)
    .description('print again')
    .addHelpText('after', examples('printer resume lobby'))
    .action(async (name: string, _options: object, command: Command) => actOnPrinter(name, 'resume', {}, command, cli));
};
