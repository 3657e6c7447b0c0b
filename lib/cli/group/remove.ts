// platen group remove

import type { Command } from 'commander';
import { segment } from '../arguments.js';
import { type CliParts, examples, openSession } from '../cli.js';

export const groupRemove = (parent: Command, cli: CliParts): void => {
  parent
    .command('remove')
    .argument('<group>', 'the virtual server', segment)
    .description('remove a virtual server that has no printers and no unfinished jobs')
    .addHelpText('after', examples('group remove sales'))
    .action(async (name: string, _options: object, command: Command) => {
      const { client, terminal, json } = await openSession(command, cli);
      await client.ask<undefined>('DELETE', `/api/1/groups/${name}`);
      if (json) return terminal.json({ removed: decodeURIComponent(name) });
      terminal.line(`Group ${decodeURIComponent(name)} is removed.`);
    });
};
