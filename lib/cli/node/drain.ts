// platen node drain

import type { Command } from 'commander';
import type { ClusterAnswer } from '../../admin/cluster-routes.js';
import type { GroupAnswer } from '../../admin/group-answers.js';
import { segment } from '../arguments.js';
import { type CliParts, examples, openSession, type Session } from '../cli.js';
import { CliError } from '../exit-codes.js';
import { Changing, until } from '../follow.js';
import { printable } from '../terminal.js';

/** Follows the node until it owns nothing; says what each of its groups waits for. */
const followDrain = ({ client, terminal }: Session, cli: CliParts, name: string): Promise<ClusterAnswer> => {
  const changing = new Changing(terminal);
  let wasDrained = false;
  return until(cli.clock, async () => {
    const answer = await client.get<ClusterAnswer>('/api/1/cluster');
    const node = answer.nodes.find((each) => each.name === name);
    if (node === undefined) throw new CliError('not-found', `${name} is no node of this cluster any more`);
    if (wasDrained && !node.drained) throw new CliError('refused', `${name} was resumed`);
    wasDrained ||= node.drained;
    if (wasDrained && node.groups.length === 0) return answer;
    for (const group of node.groups) {
      const { says } = await client.get<GroupAnswer>(`/api/1/groups/${encodeURIComponent(group)}`);
      changing.say(group, says);
    }
    return undefined;
  });
};

export const nodeDrain = (parent: Command, cli: CliParts): void => {
  parent
    .command('drain')
    .argument('<node>', 'the node', segment)
    .description('move everything off a node and let nothing come, until it is resumed')
    .option('--no-wait', 'only ask for it')
    .addHelpText('after', examples('node drain b', 'node drain b --no-wait'))
    .action(async (node: string, { wait }: { wait: boolean }, command: Command) => {
      const session = await openSession(command, cli);
      const { client, terminal, json } = session;
      const name = decodeURIComponent(node);
      const start = cli.clock.monotonic();
      const asked = await client.ask<ClusterAnswer>('POST', `/api/1/nodes/${node}/drain`);
      const answer = wait ? await followDrain(session, cli, name) : asked;
      if (json) return terminal.json(answer);
      const took = ((cli.clock.monotonic() - start) / 1_000).toFixed(1);
      terminal.line(`Node ${printable(name)} ${wait ? `owns nothing any more after ${took} s` : 'is being drained'}.`);
    });
};
