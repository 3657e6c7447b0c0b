// What `platen ca ...` have in common: a folder, no node. Works without platend and without a network.

import type { Command } from 'commander';
import { InvalidArgumentError, Option } from 'commander';
import { isIP } from 'node:net';
import { PlatenError } from '../../errors.js';
import { isHostName, isName, nameRule } from '../../model/names.js';
import type { AuthorityFolder, IssuedCertificate } from '../../platform/certificates/authority-folder.js';
import { canonicalAddress } from '../../platform/ip-address.js';
import { CliError } from '../exit-codes.js';
import { momentText } from '../figures.js';

export interface AuthorityOptions {
  readonly dir: string;
  readonly json?: boolean;
}

export const folderOption = (): Option =>
  new Option('--dir <directory>', "the authority's folder: it holds the key that everything hangs on").default('ca');

export const nodeName = (text: string): string => {
  if (!isName(text)) throw new InvalidArgumentError(`Not a node's name: ${nameRule}.`);
  return text;
};

export const anotherAddress = (text: string, before: readonly string[] = []): readonly string[] => {
  if (isIP(text) !== 0) return [...before, canonicalAddress(text)];
  if (isHostName(text)) return [...before, text.toLowerCase()];
  throw new InvalidArgumentError('Expected an IP address or a DNS name, without a port.');
};

/** The work's result. What keeps a file from being read or written ends the command. */
export const inFolder = async <Result>(
  command: Command,
  work: (folder: AuthorityFolder, options: AuthorityOptions) => Promise<Result>,
): Promise<Result> => {
  const options = command.optsWithGlobals<AuthorityOptions>();
  // The package that makes certificates is not loaded for other commands.
  const { AuthorityFolder } = await import('../../platform/certificates/authority-folder.js');
  try {
    return await work(new AuthorityFolder(options.dir), options);
  } catch (error) {
    if (error instanceof PlatenError) throw new CliError('refused', error.message, adviceFor(error));
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error;
    throw new CliError('refused', (error as Error).message);
  }
};

const adviceFor = ({ cause }: PlatenError): string | undefined =>
  (cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT'
    ? 'Name the folder of the authority with --dir; `platen ca init` makes one.'
    : undefined;

export const stateOf = ({ revokedAt, to }: IssuedCertificate, now: number): string => {
  if (revokedAt !== undefined) return `revoked ${momentText(revokedAt)}`;
  return to <= now ? 'ended' : 'valid';
};
