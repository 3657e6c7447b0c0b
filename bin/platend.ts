#!/usr/bin/env node
// platend: the small parent process. Alone, it starts the worker, which does all the printing, and ends with it; in a cluster it supervises it.

import { fileURLToPath } from 'node:url';
import { loadConfig } from '../lib/config.js';
import { type CommandLine, commandLineOf, usage } from '../lib/config/command-line.js';
import { createLog } from '../lib/platform/log.js';
import { supervise } from '../lib/supervisor/supervise.js';
import { runWorker } from '../lib/supervisor/worker.js';

const main = async (args: readonly string[]): Promise<number> => {
  let values: CommandLine;
  try {
    values = commandLineOf(args);
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
