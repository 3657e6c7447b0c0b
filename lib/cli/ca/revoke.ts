// platen ca revoke

import type { Command } from 'commander';
import { type CliParts, examples } from '../cli.js';
import { printable } from '../terminal.js';
import { folderOption, inFolder, nodeName } from './authority.js';

export const caRevoke = (parent: Command, { terminal, clock }: CliParts): void => {
  parent
    .command('revoke')
    .argument('<node>', 'the node', nodeName)
    .description('declare the certificates of a node void: no other node speaks with it any more')
    .option('--old', 'all but the one in its folder, after it was renewed')
    .addOption(folderOption())
    .addHelpText('after', examples('ca revoke c', 'ca revoke a --old'))
    .action(async (node: string, { old }: { old?: true }, command: Command) =>
      inFolder(command, async (folder, { json }) => {
        const revoked = await folder.revoke(node, { old: old === true, now: clock.wall() });
        if (json === true) return terminal.json({ revoked, crl: folder.listFile });
        const count = `${revoked.length} certificate${revoked.length === 1 ? '' : 's'}`;
        terminal.line(`${count} of node ${printable(node)} revoked${revoked.length === 0 ? ': none was left' : ''}.`);
        terminal.line(
          `Copy ${printable(folder.listFile)} to every node, over the file that cluster.tls.crl names there: ` +
            'a node takes it within seconds, without a restart.',
        );
      }),
    );
};
