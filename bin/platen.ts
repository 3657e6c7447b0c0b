#!/usr/bin/env node
// The command line: argv → lib/cli.

import { constants, userInfo } from 'node:os';
import { runCli } from '../lib/cli/program.js';
import { Terminal } from '../lib/cli/terminal.js';
import { environmentWith } from '../lib/config.js';
import { systemClock } from '../lib/platform/clock.js';

const { stdin, stdout, stderr } = process;

// A reader that has seen enough (`| head`) is no failure.
stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

const user = (): string => {
  try {
    return userInfo().username;
  } catch {
    // A user id without a name.
    return String(process.getuid?.() ?? 'operator');
  }
};

const onInterrupt = (listener: () => void): (() => void) => {
  const interrupted = (): never => {
    listener();
    process.exit(128 + constants.signals.SIGINT);
  };
  process.once('SIGINT', interrupted);
  return () => process.off('SIGINT', interrupted);
};

process.exitCode = await runCli(process.argv.slice(2), {
  terminal: new Terminal({ out: stdout, err: stderr, colours: true }),
  stdin,
  env: environmentWith({}),
  clock: systemClock,
  onInterrupt,
  user: user(),
});
