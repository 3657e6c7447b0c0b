// platen group set

import type { Command } from 'commander';
import type { GroupAnswer } from '../../admin/group-answers.js';
import { segment } from '../arguments.js';
import { type CliParts, examples, openSession } from '../cli.js';
import { CliError } from '../exit-codes.js';
import { showGroupRecord } from './group-text.js';
import { addGroupSettings, groupBody, type GroupOptions, saysNothing } from './settings.js';

interface Options extends GroupOptions {
  readonly anyOwner?: true;
}

export const groupSet = (parent: Command, cli: CliParts): void => {
  const set = parent
    .command('set')
    .argument('<group>', 'the virtual server', segment)
    .description('change what is given of a virtual server; ports count when it comes online next');
  addGroupSettings(set)
    .option('--any-owner', 'every node may own it')
    .option('--no-snmp', 'answer SNMP no longer')
    .addHelpText(
      'after',
      examples(
        'group set sales --preferred b,a --failback immediate',
        'group set sales --job-completion-timeout 30000',
        'group set sales --snmp-community - --snmp-allow 192.0.2.0/24',
      ),
    )
    .action(async (name: string, options: Options, command: Command) => {
      const settings = await groupBody(options, cli.stdin);
      const body = options.anyOwner === true ? { ...settings, possibleOwners: null } : settings;
      if (saysNothing(body))
        throw new CliError('usage', 'nothing is to be changed', 'Name at least one setting; --help lists them.');
      const { client, terminal, json } = await openSession(command, cli);
      const group = await client.ask<GroupAnswer>('PATCH', `/api/1/groups/${name}`, { body });
      if (json) return terminal.json(group);
      showGroupRecord(terminal, group);
    });
};
