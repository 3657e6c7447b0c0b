#!/usr/bin/env node
// platend: the small parent process. Alone, it starts the worker, which does all the printing, and ends with it; in a cluster it supervises it.

import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { loadConfig } from '../lib/config.js';
import { createLog } from '../lib/platform/log.js';
import { supervise } from '../lib/supervisor/supervise.js';
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

const optionsOf = (args: readonly string[]) => {
  const { values } = parseArgs({
    args: [...args],
    options: {
      config: { type: 'string' },
      state: { type: 'string' },
      help: { type: 'boolean', default: false },
      version: { type: 'boolean', default: false },
    },
  });
  return values;
};

const main = async (args: readonly string[]): Promise<number> => {
  let values: ReturnType<typeof optionsOf>;
  try {
    values = optionsOf(args);
  } catch (error) {
    process.stderr.write(`platend: ${(error as Error).message}\n${usage}`);
    return 2;
  }
  if (values.help) {
    process.stdout.write(usage);
    return 0;
  }
  const file = fileURLToPath(new URL('platen-worker.js', import.meta.url));
  if (values.version) return runWorker({ file, args });
  const config = await loadConfig({ file: values.config, stateDirectory: values.state });
  const { cluster, log } = config;
  if (cluster === undefined) return runWorker({ file, args });
  return supervise({ config, cluster, program: { file, args: [...args, '--supervised'] }, log: createLog(log.level) });
};

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`platend: ${(error as Error).message}\n`);
  process.exitCode = 2;
}
