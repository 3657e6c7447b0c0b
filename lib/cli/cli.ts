// What every command is given, and how its options reach it.

import type { Readable } from 'node:stream';
import type { Command } from 'commander';
import type { Clock } from '../platform/clock.js';
import { type ConnectionOptions, connect, type Environment } from './connection.js';
import type { Query, RestClient } from './rest-client.js';
import type { Terminal } from './terminal.js';

export interface CliParts {
  readonly terminal: Terminal;
  readonly stdin: Readable;
  readonly env: Environment;
  readonly clock: Clock;
  /** Calls the listener when the command is interrupted, before it ends; returns how to call it no more. */
  readonly onInterrupt: (listener: () => void) => () => void;
  /** Who runs the command. */
  readonly user: string;
}

export interface Session {
  readonly client: RestClient;
  readonly terminal: Terminal;
  /** The answer is wanted as JSON. */
  readonly json: boolean;
  /** `group`, where one is named. */
  readonly query: Query;
}

interface GlobalOptions extends ConnectionOptions {
  readonly json?: boolean;
  readonly group?: string;
}

export const openSession = async (command: Command, { terminal, env, clock }: CliParts): Promise<Session> => {
  const options = command.optsWithGlobals<GlobalOptions>();
  const client = await connect(options, env, clock);
  return { client, terminal, json: options.json === true, query: { group: options.group ?? env['PLATEN_GROUP'] } };
};

/** Examples below a command's help. */
export const examples = (...lines: readonly string[]): string =>
  `\nExamples:\n${lines.map((line) => `  $ platen ${line}`).join('\n')}`;
