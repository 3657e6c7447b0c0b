// platen history

import type { Command } from 'commander';
import type { HistoryAnswer } from '../admin/group-routes.js';
import { segment } from './arguments.js';
import { type CliParts, examples, openSession } from './cli.js';
import { momentText } from './figures.js';

type Change = HistoryAnswer['changes'][number];

/** When the change began: the last sign of life of the owner before, else its fence, else the claim. */
const startOf = ({ stages }: Change): number => stages.silentSince ?? stages.fenced?.at ?? stages.claimed;

const rowOf = (change: Change): (string | number)[] => {
  const { epoch, from = '', node, how, because, stages } = change;
  const since = (at: number | undefined): string => (at === undefined ? '' : `+${Math.max(0, at - startOf(change))}`);
  const { fenced, claimed, addressUp, accepting, firstByte } = stages;
  const stageCells = [fenced?.at, claimed, addressUp, accepting, firstByte].map(since);
  const why = fenced === undefined ? because : `${because} (fenced by ${fenced.by})`;
  return [epoch, momentText(startOf(change)), from, node, how, ...stageCells, why];
};

export const history = (program: Command, cli: CliParts): void => {
  program
    .command('history')
    .argument('<group>', 'the virtual server', segment)
    .description(
      'changes of owner, the newest first: why, and each stage in ms since the owner before was last heard of',
    )
    .addHelpText('after', examples('history sales', 'history sales --json'))
    .action(async (group: string, _options: object, command: Command) => {
      const { client, terminal, json } = await openSession(command, cli);
      const answer = await client.get<HistoryAnswer>(`/api/1/groups/${group}/history`);
      if (json) return terminal.json(answer);
      terminal.table(
        ['EPOCH', 'WHEN', 'FROM', 'TO', 'HOW', 'FENCED', 'CLAIMED', 'ADDRESS', 'ACCEPTING', 'FIRST BYTE', 'BECAUSE'],
        answer.changes.map(rowOf),
      );
    });
};
