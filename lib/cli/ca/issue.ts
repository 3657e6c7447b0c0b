// platen ca issue

import type { Command } from 'commander';
import { mostDays, nodeFiles } from '../../platform/certificates/files.js';
import { wholeNumber } from '../arguments.js';
import { type CliParts, examples } from '../cli.js';
import { momentText } from '../figures.js';
import { printable } from '../terminal.js';
import { anotherAddress, folderOption, inFolder, nodeName } from './authority.js';

interface IssueOptions {
  readonly address?: readonly string[];
  readonly days: number;
  readonly force?: true;
}

const advice = (node: string, directory: string, isNew: boolean): string[] => {
  if (!isNew)
    return [`Copy the files of ${directory} over those of node ${node}: it takes them by itself, without a restart.`];
  const { ca, certificate, key, crl } = nodeFiles;
  return [
    `Carry the folder to node ${node} by a safe way (it holds the node's key), and name its files there:`,
    `  cluster: { tls: { ca: tls/${ca}, certificate: tls/${certificate}, key: tls/${key}, crl: tls/${crl} } }`,
    'Paths are relative to the configuration file; the key must be readable by the user of platend only.',
  ];
};

export const caIssue = (parent: Command, { terminal, clock }: CliParts): void => {
  parent
    .command('issue')
    .argument('<node>', "the node's name, as its configuration has it", nodeName)
    .description("make a node's certificate and key, or new ones with --force")
    .option(
      '--address <address>',
      'an IP address or DNS name by which others reach the node or its member of etcd; may be repeated; ' +
        'default: those of its certificate before',
      anotherAddress,
    )
    .option('--days <number>', 'how long it is valid', wholeNumber(1, mostDays), mostDays)
    .option('--force', 'replace the certificate and key in the folder of the node')
    .addOption(folderOption())
    .addHelpText('after', examples('ca issue a --address 192.0.2.11 --address a.example.org', 'ca issue a --force'))
    .action(async (node: string, { address, days, force }: IssueOptions, command: Command) =>
      inFolder(command, async (folder, { json }) => {
        const made = await folder.issue({
          node,
          days,
          now: clock.wall(),
          force: force === true,
          ...(address === undefined ? {} : { addresses: address }),
        });
        const directory = folder.folderOf(node);
        if (json === true) return terminal.json({ ...made, directory });
        terminal.record([
          ['node', node],
          ['addresses', made.addresses.join(' ')],
          ['serial', made.serial],
          ['valid until', momentText(made.to)],
          ['folder', directory],
        ]);
        for (const line of advice(node, directory, force !== true)) terminal.line(printable(line));
        if (force === true)
          terminal.line(`The certificate before stays valid until it ends: platen ca revoke ${printable(node)} --old`);
      }),
    );
};
