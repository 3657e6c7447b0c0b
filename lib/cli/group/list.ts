// platen group list

import type { Command } from 'commander';
import type { GroupsAnswer } from '../../admin/group-routes.js';
import { type CliParts, examples, openSession } from '../cli.js';
import { groupStateText, ownerText } from './group-text.js';

export const groupList = (parent: Command, cli: CliParts): void => {
  parent
    .command('list')
    .description('all virtual servers and where they are')
    .addHelpText('after', examples('group list', 'group list --json'))
    .action(async (_options: object, command: Command) => {
      const { client, terminal, json } = await openSession(command, cli);
      const answer = await client.get<GroupsAnswer>('/api/1/groups');
      if (json) return terminal.json(answer);
      const { groups } = answer;
      if (groups.length === 0)
        return terminal.note('There is no group yet: platen group create NAME --address ADDRESS');
      terminal.table(
        ['NAME', 'STATE', 'OWNER', 'EPOCH', 'ADDRESSES', 'NAMES', 'SENDING'],
        groups.map((group) => {
          const values = (kind: string): string =>
            group.resources.flatMap((each) => (each.kind === kind ? [each.value ?? ''] : [])).join(' ');
          const names = [values('network-name'), ...group.aliases].join(' ').trim();
          const { name, owner, sending } = group;
          return [
            name,
            groupStateText(group),
            ownerText(group),
            owner?.epoch ?? '',
            values('ip-address'),
            names,
            sending.length,
          ];
        }),
      );
    });
};
