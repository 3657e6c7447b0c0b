// An SNMP community from the command line, or from standard input, out of sight of ps.

import type { Readable } from 'node:stream';
import { CliError } from './exit-codes.js';

const firstLine = async (stdin: Readable): Promise<string> => {
  let text = '';
  for await (const chunk of stdin) {
    text += String(chunk);
    if (text.includes('\n') || text.length > 1_024) break;
  }
  return (text.split('\n')[0] ?? '').trim();
};

/** `word`, or the first line of standard input where it is "-". */
export const communityFrom = async (word: string, stdin: Readable): Promise<string> => {
  const community = word === '-' ? await firstLine(stdin) : word;
  if (community === '') throw new CliError('usage', 'the SNMP community is empty');
  return community;
};
