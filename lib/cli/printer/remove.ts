// platen printer remove

import type { Command } from 'commander';
import { segment } from '../arguments.js';
import { type CliParts, examples, openSession } from '../cli.js';

export const printerRemove = (parent: Command, cli: CliParts): void => {
  parent
    .command('remove')
    .argument('<name>', 'the printer', segment)
    .description('remove a printer that has no unfinished jobs')
    .addHelpText('after', examples('printer remove lobby'))
    .action(async (name: string, _options: object, command: Command) => {
      const { client, terminal, json, query } = await openSession(command, cli);
      await client.ask<undefined>('DELETE', `/api/1/printers/${name}`, { query });
      if (json) return terminal.json({ removed: decodeURIComponent(name) });
      terminal.line(`Printer ${decodeURIComponent(name)} is removed.`);
    });
};
