// platen node list

import type { Command } from 'commander';
import type { ClusterAnswer } from '../../admin/cluster-routes.js';
import { type CliParts, examples, openSession } from '../cli.js';
import { showNodes } from '../cluster/cluster-text.js';

export const nodeList = (parent: Command, cli: CliParts): void => {
  parent
    .command('list')
    .description('the nodes of the cluster')
    .addHelpText('after', examples('node list', 'node list --json'))
    .action(async (_options: object, command: Command) => {
      const { client, terminal, json } = await openSession(command, cli);
      const { nodes } = await client.get<ClusterAnswer>('/api/1/cluster');
      if (json) return terminal.json({ nodes });
      showNodes(terminal, nodes, cli.clock.wall());
    });
};
