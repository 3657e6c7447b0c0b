#!/usr/bin/env node
// platend: the small parent process. It starts the worker, which does all the printing, and ends with it.

import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runWorker } from '../lib/supervisor/worker.js';

const usage = `Usage: platend [options]

Runs a Platen print server node until SIGINT or SIGTERM; prints "ready" when it listens.

  --config FILE   configuration (YAML); default: a quick start on loopback
  --state DIR     state directory, in place of the configuration's
  --help          this text
  --version       the version

Environment: PLATEN_CONFIG, PLATEN_STATE and PLATEN_LOG stand in for --config, --state and log.level.
Exit status: 0 stopped in order, 1 failed while running, 2 could not start (usage, configuration, addresses in use).
`;

const main = async (): Promise<number> => {
  const { values } = parseArgs({
    options: {
      config: { type: 'string' },
      state: { type: 'string' },
      help: { type: 'boolean', default: false },
      version: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(usage);
    return 0;
  }
  const worker = fileURLToPath(new URL('platen-worker.js', import.meta.url));
  return runWorker(worker, process.argv.slice(2));
};

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`platend: ${(error as Error).message}\n${usage}`);
  process.exitCode = 2;
}
