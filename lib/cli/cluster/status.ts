// platen cluster status

import type { Command } from 'commander';
import type { ClusterAnswer } from '../../admin/cluster-routes.js';
import { type CliParts, examples, openSession } from '../cli.js';
import { groupStateText } from '../group/group-text.js';
import { showNodes, silenceText } from './cluster-text.js';

const storeText = ({ reachable, readMs, problem, silentSince }: ClusterAnswer['store']): string =>
  reachable ? `answers, a read took ${readMs} ms` : `${silenceText(silentSince)} (${problem})`;

export const clusterStatus = (parent: Command, cli: CliParts): void => {
  parent
    .command('status')
    .description('the cluster at a glance, as the node that is asked sees it')
    .addHelpText('after', examples('cluster status', 'cluster status --json'))
    .action(async (_options: object, command: Command) => {
      const { client, terminal, json } = await openSession(command, cli);
      const answer = await client.get<ClusterAnswer>('/api/1/cluster');
      if (json) return terminal.json(answer);
      const { me, store, nodes, groups } = answer;
      terminal.record([
        ['seen by', me],
        ['store', storeText(store)],
      ]);
      terminal.line('');
      showNodes(terminal, nodes);
      terminal.line('');
      terminal.table(
        ['GROUP', 'OWNER', 'EPOCH', 'STATE'],
        groups.map((group) => [group.name, group.owner ?? 'nobody', group.epoch ?? '', groupStateText(group)]),
      );
    });
};
