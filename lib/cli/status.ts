// platen status

import type { Command } from 'commander';
import type { StatusAnswer } from '../admin/status-routes.js';
import { type CliParts, examples, openSession } from './cli.js';
import { silenceText } from './cluster/cluster-text.js';
import { octetsText, spanText } from './figures.js';

const stateText = (group: { online: boolean; reason: string | undefined; elsewhere: string | undefined }): string => {
  if (group.online) return 'online';
  return group.elsewhere === undefined ? `offline: ${group.reason ?? ''}` : `on ${group.elsewhere}`;
};

export const status = (program: Command, cli: CliParts): void => {
  program
    .command('status')
    .description('the node at a glance')
    .addHelpText('after', examples('status', 'status --json'))
    .action(async (_options: object, command: Command) => {
      const { client, terminal, json } = await openSession(command, cli);
      const answer = await client.get<StatusAnswer>('/api/1/status');
      if (json) return terminal.json(answer);
      const { node, groups, spool, storeSilentSince } = answer;
      const counting = spool.complete ? '' : ' (still counting)';
      terminal.record([
        ['node', `${node.name}, version ${node.version}, up ${spanText(node.now - node.startedAt)}`],
        ['store', storeSilentSince === undefined ? undefined : silenceText(storeSilentSince)],
        [
          'spool',
          `${spool.documents} documents, ${octetsText(spool.bytes)}${counting}; ${octetsText(spool.freeBytes)} free, of which ${octetsText(spool.reserveBytes)} are kept`,
        ],
      ]);
      terminal.line('');
      terminal.table(
        ['GROUP', 'STATE', 'EPOCH', 'PRINTERS', 'PAUSED', 'PENDING', 'HELD', 'PRINTING', 'NAMES'],
        groups.map(({ name, online, owner, reason, epoch, printers, jobs, names }) => [
          name,
          stateText({ online, reason, elsewhere: owner === node.name ? undefined : owner }),
          epoch ?? '',
          printers?.total ?? '',
          printers?.paused ?? '',
          jobs?.pending ?? '',
          jobs?.held ?? '',
          jobs?.processing ?? '',
          names.join(' '),
        ]),
      );
    });
};
