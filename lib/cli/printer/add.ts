// platen printer add

import type { Command } from 'commander';
import type { PrinterAnswer } from '../../admin/printer-answers.js';
import { type CliParts, examples, openSession } from '../cli.js';
import { printable } from '../terminal.js';
import { addSettings, type SettingOptions, settingsBody } from './settings.js';

export const printerAdd = (parent: Command, cli: CliParts): void => {
  const add = parent
    .command('add')
    .argument('<name>', 'letters, digits, "_", "." and "-"')
    .description('make a printer')
    .requiredOption('--device <uri>', 'socket://host[:port], lpd://host/queue, ipp://host/path or ipps://host/path');
  addSettings(add)
    .addHelpText(
      'after',
      examples(
        'printer add lobby --device socket://192.0.2.10 --info "Lobby" --location "Ground floor"',
        'printer add labels --device lpd://192.0.2.11/raw --lpd-order data-first',
        'printer add box2 --device socket://192.0.2.12:9101 --lock port --snmp-community -',
      ),
    )
    .action(async (name: string, options: SettingOptions, command: Command) => {
      const { client, terminal, json, query } = await openSession(command, cli);
      const body = { name, ...(await settingsBody(options, cli.stdin)) };
      const printer = await client.ask<PrinterAnswer>('POST', '/api/1/printers', { query, body });
      if (json) return terminal.json(printer);
      terminal.line(`Printer ${printable(printer.name)} prints to ${printable(printer.deviceUri)}.`);
    });
};
