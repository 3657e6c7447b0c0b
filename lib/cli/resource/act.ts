// What `resource offline` and `resource online` share: the wish, and waiting for it.

import type { Command } from 'commander';
import type { GroupAnswer } from '../../admin/group-answers.js';
import { type ResourcePath, resourcePath } from '../arguments.js';
import { type CliParts, examples, openSession } from '../cli.js';
import { CliError } from '../exit-codes.js';
import { followGroup } from '../follow.js';
import { printable } from '../terminal.js';

const resourceOf = (group: GroupAnswer, name: string): GroupAnswer['resources'][number] => {
  const resource = group.resources.find((each) => each.name === name);
  if (resource === undefined) throw new CliError('not-found', `resource ${name} of group ${group.name} was removed`);
  return resource;
};

export const resourceAct = (
  parent: Command,
  cli: CliParts,
  { state, description }: { state: 'offline' | 'online'; description: string },
): void => {
  parent
    .command(state)
    .argument('<group/resource>', 'such as sales/spooler', resourcePath)
    .description(description)
    .option('--no-wait', 'only ask for it')
    .addHelpText('after', examples(`resource ${state} sales/spooler`, `resource ${state} sales/spooler --no-wait`))
    .action(async ({ group, name, path, text }: ResourcePath, { wait }: { wait: boolean }, command: Command) => {
      const session = await openSession(command, cli);
      const { client, terminal, json } = session;
      const asked = await client.ask<GroupAnswer>('POST', `${path}/${state}`, {});
      const isDone = (answer: GroupAnswer): boolean => {
        const resource = resourceOf(answer, name);
        if (resource.wanted !== state) throw new CliError('refused', `${text} is wanted ${resource.wanted} again`);
        return resource.state === state;
      };
      const done = wait ? await followGroup(session, cli.clock, { group, isDone }) : asked;
      if (json) return terminal.json(done);
      terminal.line(`${printable(text)} is ${wait ? state : `wanted ${state}`}.`);
    });
};
