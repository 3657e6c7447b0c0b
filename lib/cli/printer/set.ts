// platen printer set

import type { Command } from 'commander';
import type { PrinterAnswer } from '../../admin/printer-answers.js';
import { segment } from '../arguments.js';
import { type CliParts, examples, openSession } from '../cli.js';
import { CliError } from '../exit-codes.js';
import { showPrinterRecord } from './printer-text.js';
import { addSettings, saysNothing, type SettingOptions, settingsBody } from './settings.js';

export const printerSet = (parent: Command, cli: CliParts): void => {
  const set = parent
    .command('set')
    .argument('<name>', 'the printer', segment)
    .description('change what is given of a printer')
    .option('--device <uri>', 'another device');
  addSettings(set)
    .option('--no-local-address', 'connect from whatever address the system chooses')
    .option('--no-snmp', 'ask the device no longer')
    .addHelpText(
      'after',
      examples(
        'printer set lobby --location "First floor"',
        'printer set lobby --device socket://192.0.2.20',
        'printer set lobby --no-half-close --no-snmp',
      ),
    )
    .action(async (name: string, options: SettingOptions, command: Command) => {
      const body = await settingsBody(options, cli.stdin);
      if (saysNothing(body))
        throw new CliError('usage', 'nothing is to be changed', 'Name at least one setting; --help lists them.');
      const { client, terminal, json, query } = await openSession(command, cli);
      const printer = await client.ask<PrinterAnswer>('PATCH', `/api/1/printers/${name}`, { query, body });
      if (json) return terminal.json(printer);
      showPrinterRecord(terminal, printer);
    });
};
