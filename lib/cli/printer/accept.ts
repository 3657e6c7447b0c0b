// platen printer accept

import type { Command } from 'commander';
import { segment } from '../arguments.js';
import { type CliParts, examples } from '../cli.js';
import { actOnPrinter } from './act.js';

export const printerAccept = (parent: Command, cli: CliParts): void => {
  parent
    .command('accept')
    .argument('<name>', 'the printer', segment)
    .description('accept jobs again')
    .addHelpText('after', examples('printer accept lobby'))
    .action(async (name: string, _options: object, command: Command) => actOnPrinter(name, 'accept', {}, command, cli));
};
