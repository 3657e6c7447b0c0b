// platen printer list

import type { Command } from 'commander';
import type { PrinterAnswer } from '../../admin/printer-answers.js';
import type { PrintersAnswer } from '../../admin/printer-routes.js';
import { type CliParts, examples, openSession } from '../cli.js';
import { printerStateText } from './printer-text.js';

export const printerList = (parent: Command, cli: CliParts): void => {
  parent
    .command('list')
    .description('all printers and what they do')
    .addHelpText('after', examples('printer list', 'printer list --json'))
    .action(async (_options: object, command: Command) => {
      const { client, terminal, json, query } = await openSession(command, cli);
      const printers: PrinterAnswer[] = [];
      for (let from: string | undefined, more = true; more; more = from !== undefined) {
        const page = await client.get<PrintersAnswer>('/api/1/printers', { ...query, from });
        printers.push(...page.printers);
        from = page.next;
      }
      if (json) return terminal.json({ printers });
      if (printers.length === 0) return terminal.note('There is no printer yet: platen printer add NAME --device URI');
      terminal.table(
        ['NAME', 'STATE', 'JOBS', 'DEVICE', 'INFO', 'MESSAGE'],
        printers.map((printer) => [
          printer.name,
          printerStateText(printer),
          printer.unfinishedJobs,
          printer.deviceUri,
          printer.info,
          printer.stateMessage,
        ]),
      );
    });
};
