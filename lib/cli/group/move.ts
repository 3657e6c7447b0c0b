// platen group move

import type { Command } from 'commander';
import type { GroupAnswer } from '../../admin/group-answers.js';
import { segment } from '../arguments.js';
import { type CliParts, examples, openSession } from '../cli.js';
import { ownerText } from './group-text.js';
import { CliError } from '../exit-codes.js';
import { followGroup, isUp } from '../follow.js';
import { printable } from '../terminal.js';

interface Options {
  readonly to?: string;
  readonly now?: true;
  readonly cancel?: true;
  readonly wait: boolean;
}

/** What became of the wish that was made at that epoch. */
const whyNot = ({ owner, move }: GroupAnswer, epoch: number | undefined): string => {
  if (move !== undefined) return `it was asked to move to ${move.to} instead`;
  if (owner === undefined) return 'nobody owns it';
  if (owner.epoch === epoch) return 'the wish was taken back';
  return `${owner.node} owns it at epoch ${owner.epoch}${owner.because === undefined ? '' : `: ${owner.because}`}`;
};

/** Throws when the group went elsewhere meanwhile. */
const hasArrived = (group: GroupAnswer, { to, epoch }: { to: string; epoch: number | undefined }): boolean => {
  const { name, owner, move } = group;
  if (owner?.node === to) return isUp(group);
  if (move?.to === to) return false;
  const now = whyNot(group, epoch);
  throw new CliError('refused', `group ${name} did not move to ${to}: ${now}`, `platen history ${name} says why.`);
};

export const groupMove = (parent: Command, cli: CliParts): void => {
  parent
    .command('move')
    .argument('<group>', 'the virtual server', segment)
    .description('move a virtual server: jobs go on being accepted, documents being sent end first')
    .option('--to <node>', 'its new owner')
    .option('--cancel', 'take back a wish to move that still waits')
    .option('--now', 'cut documents being sent off; the new owner sends them anew')
    .option('--no-wait', 'only ask for it')
    .addHelpText(
      'after',
      examples('group move sales --to b', 'group move sales --to b --now', 'group move sales --cancel'),
    )
    .action(async (group: string, { to, now, wait, cancel }: Options, command: Command) => {
      if ((to === undefined) === (cancel === undefined))
        throw new CliError('usage', 'name the new owner with --to, or take a wish back with --cancel');
      const session = await openSession(command, cli);
      const { client, terminal, json } = session;
      if (to === undefined) {
        const kept = await client.ask<GroupAnswer>('DELETE', `/api/1/groups/${group}/move`);
        if (json) return terminal.json(kept);
        return terminal.line(
          `Group ${printable(kept.name)} is not asked to move any more; its owner: ${ownerText(kept)}.`,
        );
      }
      const start = cli.clock.monotonic();
      const asked = await client.ask<GroupAnswer>('POST', `/api/1/groups/${group}/move`, { body: { to, now } });
      if (!wait) {
        if (json) return terminal.json(asked);
        return terminal.line(`Group ${printable(asked.name)} is asked to move to ${printable(to)}.`);
      }
      const epoch = asked.owner?.epoch;
      const forget = cli.onInterrupt(() =>
        terminal.note(
          `The group stays asked to move to ${printable(to)}: platen group move ${decodeURIComponent(group)} --cancel takes that back.`,
        ),
      );
      const moved = await followGroup(session, cli.clock, {
        group,
        isDone: (answer) => hasArrived(answer, { to, epoch }),
      }).finally(forget);
      if (json) return terminal.json(moved);
      const took = ((cli.clock.monotonic() - start) / 1_000).toFixed(1);
      terminal.line(
        `Group ${printable(moved.name)} is on ${printable(to)} at epoch ${moved.owner?.epoch} after ${took} s.`,
      );
    });
};
