// platen resource remove

import type { Command } from 'commander';
import type { GroupAnswer } from '../../admin/group-answers.js';
import { type ResourcePath, resourcePath } from '../arguments.js';
import { type CliParts, examples, openSession } from '../cli.js';
import { printable } from '../terminal.js';

export const resourceRemove = (parent: Command, cli: CliParts): void => {
  parent
    .command('remove')
    .argument('<group/resource>', 'such as sales/address-2', resourcePath)
    .description('remove a resource that is offline and that no other needs')
    .addHelpText('after', examples('resource remove sales/address-2'))
    .action(async ({ path, text }: ResourcePath, _options: object, command: Command) => {
      const { client, terminal, json } = await openSession(command, cli);
      const answer = await client.ask<GroupAnswer>('DELETE', path);
      if (json) return terminal.json(answer);
      terminal.line(`${printable(text)} is removed.`);
    });
};
