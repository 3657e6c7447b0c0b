// platen group show

import type { Command } from 'commander';
import type { GroupAnswer } from '../../admin/group-answers.js';
import { segment } from '../arguments.js';
import { type CliParts, examples, openSession } from '../cli.js';
import { showGroupRecord } from './group-text.js';

export const groupShow = (parent: Command, cli: CliParts): void => {
  parent
    .command('show')
    .argument('<group>', 'the virtual server', segment)
    .description('everything about one virtual server')
    .addHelpText('after', examples('group show sales'))
    .action(async (name: string, _options: object, command: Command) => {
      const { client, terminal, json } = await openSession(command, cli);
      const group = await client.get<GroupAnswer>(`/api/1/groups/${name}`);
      if (json) return terminal.json(group);
      showGroupRecord(terminal, group);
    });
};
