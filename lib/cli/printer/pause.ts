// platen printer pause

import type { Command } from 'commander';
import { segment } from '../arguments.js';
import { type CliParts, examples } from '../cli.js';
import { actOnPrinter } from './act.js';

export const printerPause = (parent: Command, cli: CliParts): void => {
  parent
    .command('pause')
    .argument('<name>', 'the printer', segment)
    .description('start no further job there; jobs go on being accepted')
    .option('--message <text>', 'why, for people')
    .option('--now', 'cut the job being sent off; it is sent anew after the resume')
    .addHelpText('after', examples('printer pause lobby --message "Toner is on its way"', 'printer pause lobby --now'))
    .action(async (name: string, { message, now }: { message?: string; now?: boolean }, command: Command) =>
      actOnPrinter(name, 'pause', { message, now }, command, cli),
    );
};
