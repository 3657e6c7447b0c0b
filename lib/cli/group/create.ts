// platen group create

import type { Command } from 'commander';
import type { GroupAnswer } from '../../admin/group-answers.js';
import { another } from '../arguments.js';
import { type CliParts, examples, openSession } from '../cli.js';
import { printable } from '../terminal.js';
import { addGroupSettings, groupBody, type GroupOptions } from './settings.js';

interface Options extends GroupOptions {
  readonly address: readonly string[];
  readonly name?: string;
}

export const groupCreate = (parent: Command, cli: CliParts): void => {
  const create = parent
    .command('create')
    .argument('<group>', 'letters, digits, "_", "." and "-"')
    .description('make a virtual server: its addresses, its name, its print spooler')
    .requiredOption('--address <ip>', 'where clients print to; may be repeated', another)
    .option('--name <host>', 'its network name');
  addGroupSettings(create)
    .addHelpText(
      'after',
      examples(
        'group create sales --address 192.0.2.50 --name print-sales --preferred a,b',
        'group create lab --address 127.0.0.21 --ipp-port 8631 --lpd-port 8515 --possible a,b,c',
        'group create hall --address 192.0.2.51 --failback 22-5 --job-completion-timeout 60000',
      ),
    )
    .action(async (name: string, options: Options, command: Command) => {
      const { client, terminal, json } = await openSession(command, cli);
      const settings = await groupBody(options, cli.stdin);
      const body = { name, addresses: options.address, networkName: options.name, ...settings };
      const group = await client.ask<GroupAnswer>('POST', '/api/1/groups', { body });
      if (json) return terminal.json(group);
      terminal.line(`Group ${printable(group.name)} is made; one of its possible owners takes it now.`);
    });
};
