// platen node drain

import type { Command } from 'commander';
import type { ClusterAnswer } from '../../admin/cluster-routes.js';
import type { GroupAnswer } from '../../admin/group-answers.js';
import { segment } from '../arguments.js';
import { type CliParts, examples, openSession, type Session } from '../cli.js';
import { CliError } from '../exit-codes.js';
import { Changing, until } from '../follow.js';
import { printable } from '../terminal.js';

/** Whether another node could take the group now. */
const hasTaker = ({ nodes }: ClusterAnswer, { owner, possibleOwners }: GroupAnswer): boolean =>
  nodes.some(
    ({ name, state, notReady }) =>
      name !== owner?.node &&
      state === 'alive' &&
      notReady === undefined &&
      (possibleOwners === undefined || possibleOwners.includes(name)),
  );

const nobodyTakes = (node: string, groups: readonly string[]): CliError =>
  new CliError(
    'refused',
    `no other node can take ${groups.join(', ')}: each is dead, drained, not ready, or no possible owner`,
    `The drain stays asked for: they go as soon as a node can take them. platen node resume ${node} takes it back.`,
  );

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
    const stuck: string[] = [];
    for (const name of node.groups) {
      const group = await client.get<GroupAnswer>(`/api/1/groups/${encodeURIComponent(name)}`);
      changing.say(name, group.says);
      if (!hasTaker(answer, group)) stuck.push(name);
    }
    if (wasDrained && answer.store.reachable && stuck.length === node.groups.length) throw nobodyTakes(name, stuck);
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
      const forget = cli.onInterrupt(() =>
        terminal.note(`The drain stays asked for: platen node resume ${printable(name)} takes it back.`),
      );
      const answer = wait ? await followDrain(session, cli, name) : asked;
      forget();
      if (json) return terminal.json(answer);
      const took = ((cli.clock.monotonic() - start) / 1_000).toFixed(1);
      terminal.line(`Node ${printable(name)} ${wait ? `owns nothing any more after ${took} s` : 'is being drained'}.`);
    });
};
