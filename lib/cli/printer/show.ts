// platen printer show

import type { Command } from 'commander';
import type { PrinterAnswer } from '../../admin/printer-answers.js';
import { segment } from '../arguments.js';
import { type CliParts, examples, openSession } from '../cli.js';
import { showPrinterRecord } from './printer-text.js';

export const printerShow = (parent: Command, cli: CliParts): void => {
  parent
    .command('show')
    .argument('<name>', 'the printer', segment)
    .description('everything about one printer')
    .addHelpText('after', examples('printer show lobby'))
    .action(async (name: string, _options: object, command: Command) => {
      const { client, terminal, json, query } = await openSession(command, cli);
      const printer = await client.get<PrinterAnswer>(`/api/1/printers/${name}`, query);
      if (json) return terminal.json(printer);
      showPrinterRecord(terminal, printer);
    });
};
