// What the commands that change a printer's state share.

import type { Command } from 'commander';
import type { PrinterAnswer } from '../../admin/printer-answers.js';
import { type CliParts, openSession } from '../cli.js';
import { printable } from '../terminal.js';
import { printerStateText } from './printer-text.js';

/** Asks for the act; says what the printer does now. `name` is a segment of a path. */
export const actOnPrinter = async (
  name: string,
  word: string,
  body: object,
  command: Command,
  cli: CliParts,
): Promise<void> => {
  const { client, terminal, json, query } = await openSession(command, cli);
  const printer = await client.ask<PrinterAnswer>('POST', `/api/1/printers/${name}/${word}`, { query, body });
  if (json) return terminal.json(printer);
  terminal.line(`Printer ${printable(printer.name)}: ${printable(printerStateText(printer))}.`);
};
