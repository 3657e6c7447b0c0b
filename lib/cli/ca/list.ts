// platen ca list

import type { Command } from 'commander';
import { type CliParts, examples } from '../cli.js';
import { momentText } from '../figures.js';
import { folderOption, inFolder, stateOf } from './authority.js';

export const caList = (parent: Command, { terminal, clock }: CliParts): void => {
  parent
    .command('list')
    .description('every certificate that the authority issued')
    .addOption(folderOption())
    .addHelpText('after', examples('ca list', 'ca list --json'))
    .action(async (_options: object, command: Command) =>
      inFolder(command, async (folder, { json }) => {
        const certificates = await folder.list();
        if (json === true) return terminal.json({ certificates });
        if (certificates.length === 0)
          return terminal.note('There is no certificate yet: platen ca issue NODE --address ADDRESS');
        const now = clock.wall();
        terminal.table(
          ['NODE', 'STATE', 'UNTIL', 'ADDRESSES', 'SERIAL'],
          certificates.map((each) => [
            each.node,
            stateOf(each, now),
            momentText(each.to),
            each.addresses.join(' '),
            each.serial,
          ]),
        );
      }),
    );
};
