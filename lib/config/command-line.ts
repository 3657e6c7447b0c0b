// What platend is started with.

import { parseArgs } from 'node:util';

export const usage = `Usage: platend [options]

Runs a Platen print server node until SIGINT or SIGTERM; prints "ready" when it listens.

  --config FILE   configuration (YAML); default: a quick start on loopback
  --state DIR     state directory, in place of the configuration's
  --help          this text
  --version       the version

Environment: PLATEN_CONFIG, PLATEN_STATE and PLATEN_LOG stand in for --config, --state and log.level.
Exit status: 0 stopped in order, 1 failed while running, 2 could not start (usage, configuration, addresses in use).
`;

export interface CommandLine {
  readonly config?: string;
  readonly state?: string;
  readonly help: boolean;
  readonly version: boolean;
}

/** Throws an Error that says what is wrong. */
export const commandLineOf = (args: readonly string[]): CommandLine =>
  parseArgs({
    args: [...args],
    options: {
      config: { type: 'string' },
      state: { type: 'string' },
      help: { type: 'boolean', default: false },
      version: { type: 'boolean', default: false },
    },
  }).values;
