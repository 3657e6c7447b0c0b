// platen ca init

import type { Command } from 'commander';
import { type CliParts, examples } from '../cli.js';
import { printable } from '../terminal.js';
import { folderOption, inFolder } from './authority.js';

export const caInit = (parent: Command, { terminal, clock }: CliParts): void => {
  parent
    .command('init')
    .description("found a cluster's own certificate authority, valid for 10 years")
    .addOption(folderOption())
    .addHelpText('after', examples('ca init', 'ca init --dir /root/platen-ca'))
    .action(async (_options: object, command: Command) =>
      inFolder(command, async (folder, { json }) => {
        await folder.init(clock.wall());
        const { rootFile, keyFile, listFile } = folder;
        if (json === true) return terminal.json({ certificate: rootFile, key: keyFile, crl: listFile });
        terminal.record([
          ['certificate', rootFile],
          ['key', `${keyFile} (keep it offline, with a copy elsewhere: whoever has it can be any node)`],
          ['revocation list', `${listFile} (empty)`],
        ]);
        terminal.line(`Next: platen ca issue NODE --address ADDRESS --dir ${printable(folder.directory)}`);
      }),
    );
};
