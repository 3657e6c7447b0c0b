// platen cluster explain

import type { Command } from 'commander';
import type { ExplainAnswer } from '../../admin/group-routes.js';
import { segment } from '../arguments.js';
import { type CliParts, examples, openSession } from '../cli.js';

export const clusterExplain = (parent: Command, cli: CliParts): void => {
  parent
    .command('explain')
    .argument('<group>', 'the virtual server', segment)
    .description('what every node says about a virtual server just now')
    .addHelpText('after', examples('cluster explain sales'))
    .action(async (group: string, _options: object, command: Command) => {
      const { client, terminal, json } = await openSession(command, cli);
      const answer = await client.get<ExplainAnswer>(`/api/1/groups/${group}/explain`);
      if (json) return terminal.json(answer);
      terminal.table(
        ['NODE', 'SAYS'],
        answer.nodes.map(({ node, says }) => [node, says ?? '(no answer)']),
      );
    });
};
