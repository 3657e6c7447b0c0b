// platen resource add

import { type Command, Option } from 'commander';
import type { GroupAnswer } from '../../admin/group-answers.js';
import { type ResourcePath, resourcePath } from '../arguments.js';
import { type CliParts, examples, openSession } from '../cli.js';
import { printable } from '../terminal.js';

export const resourceAdd = (parent: Command, cli: CliParts): void => {
  parent
    .command('add')
    .argument('<group/resource>', 'such as sales/address-2', resourcePath)
    .description('add a resource to a virtual server')
    .addOption(
      new Option('--kind <kind>', 'what it is')
        .choices(['ip-address', 'network-name', 'print-spooler'])
        .makeOptionMandatory(),
    )
    .option('--value <text>', 'the address, or the network name')
    .addHelpText(
      'after',
      examples(
        'resource add sales/address-2 --kind ip-address --value 192.0.2.60',
        'resource add sales/name --kind network-name --value print-sales',
      ),
    )
    .action(
      async (
        { group, name, text }: ResourcePath,
        { kind, value }: { kind: string; value?: string },
        command: Command,
      ) => {
        const { client, terminal, json } = await openSession(command, cli);
        const body = { name, kind, value };
        const answer = await client.ask<GroupAnswer>('POST', `/api/1/groups/${group}/resources`, { body });
        if (json) return terminal.json(answer);
        terminal.line(`${printable(text)} is added, wanted online.`);
      },
    );
};
