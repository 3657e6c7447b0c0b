// platen group move

import type { Command } from 'commander';
import type { GroupAnswer } from '../../admin/group-answers.js';
import { segment } from '../arguments.js';
import { type CliParts, examples, openSession } from '../cli.js';
import { CliError } from '../exit-codes.js';
import { followGroup, isUp } from '../follow.js';
import { printable } from '../terminal.js';

interface Options {
  readonly to: string;
  readonly now?: true;
  readonly wait: boolean;
}

/** Throws when the group went elsewhere meanwhile. */
const hasArrived = (group: GroupAnswer, to: string): boolean => {
  const { name, owner, move } = group;
  if (owner?.node === to) return isUp(group);
  if (move?.to === to) return false;
  const now = owner === undefined ? 'nobody owns it' : `${owner.node} owns it at epoch ${owner.epoch}`;
  throw new CliError('refused', `group ${name} did not move to ${to}: ${now}`, `platen history ${name} says why.`);
};

export const groupMove = (parent: Command, cli: CliParts): void => {
  parent
    .command('move')
    .argument('<group>', 'the virtual server', segment)
    .description('move a virtual server: jobs go on being accepted, documents being sent end first')
    .requiredOption('--to <node>', 'its new owner')
    .option('--now', 'cut documents being sent off; the new owner sends them anew')
    .option('--no-wait', 'only ask for it')
    .addHelpText('after', examples('group move sales --to b', 'group move sales --to b --now'))
    .action(async (group: string, { to, now, wait }: Options, command: Command) => {
      const session = await openSession(command, cli);
      const { client, terminal, json } = session;
      const start = cli.clock.monotonic();
      const asked = await client.ask<GroupAnswer>('POST', `/api/1/groups/${group}/move`, { body: { to, now } });
      if (!wait) {
        if (json) return terminal.json(asked);
        return terminal.line(`Group ${printable(asked.name)} is asked to move to ${printable(to)}.`);
      }
      const moved = await followGroup(session, cli.clock, { group, isDone: (answer) => hasArrived(answer, to) });
      if (json) return terminal.json(moved);
      const took = ((cli.clock.monotonic() - start) / 1_000).toFixed(1);
      terminal.line(
        `Group ${printable(moved.name)} is on ${printable(to)} at epoch ${moved.owner?.epoch} after ${took} s.`,
      );
    });
};
