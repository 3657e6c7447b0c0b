// platen node resume

import type { Command } from 'commander';
import type { ClusterAnswer } from '../../admin/cluster-routes.js';
import { segment } from '../arguments.js';
import { type CliParts, examples, openSession } from '../cli.js';
import { printable } from '../terminal.js';

export const nodeResume = (parent: Command, cli: CliParts): void => {
  parent
    .command('resume')
    .argument('<node>', 'the node', segment)
    .description('let groups come to a drained node again')
    .addHelpText('after', examples('node resume b'))
    .action(async (node: string, _options: object, command: Command) => {
      const { client, terminal, json } = await openSession(command, cli);
      const answer = await client.ask<ClusterAnswer>('POST', `/api/1/nodes/${node}/resume`);
      if (json) return terminal.json(answer);
      terminal.line(`Node ${printable(decodeURIComponent(node))} takes groups again.`);
    });
};
