// platen cluster explain

import type { Command } from 'commander';
import type { ExplainAnswer } from '../../admin/group-routes.js';
import { segment } from '../arguments.js';
import { momentText } from '../figures.js';
import { silenceText } from './cluster-text.js';
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
      const { nodes, storeSilentSince } = answer;
      if (storeSilentSince !== undefined) terminal.note(`The store is ${silenceText(storeSilentSince)}.`);
      terminal.table(
        ['NODE', 'SINCE', 'SAYS'],
        nodes.map(({ node, since, says }) => [node, momentText(since), says ?? '(no answer)']),
      );
    });
};
