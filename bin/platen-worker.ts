// The worker that platend starts: one node from its configuration to its end. Stops when told, and at once when its parent is gone.

import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { loadConfig } from '../lib/config.js';
import { ConfigError } from '../lib/config/document.js';
import { PlatenError } from '../lib/errors.js';
import { startNode } from '../lib/main.js';
import { banner } from '../lib/main/banner.js';
import { createLog } from '../lib/platform/log.js';
import { version } from '../lib/platform/version.js';

const fail = (message: string): never => {
  process.stderr.write(`platend: ${message}\n`);
  process.exit(2);
};

const run = async (): Promise<void> => {
  const { values } = parseArgs({
    options: { config: { type: 'string' }, state: { type: 'string' }, version: { type: 'boolean' } },
  });
  if (values.version === true) {
    process.stdout.write(`${version}\n`);
    process.disconnect?.();
    return;
  }
  // From the first moment: nobody may be left behind by a parent that was killed.
  process.on('disconnect', () => process.exit(1));
  // It may have been killed while this program was being loaded, when nobody listened.
  if (process.send !== undefined && !process.connected) process.exit(1);
  const config = await loadConfig({ file: values.config, stateDirectory: values.state });
  const log = createLog(config.log.level);
  const stopAsked = new Promise<void>((resolve) => {
    process.on('message', (message) => {
      if (message === 'stop') resolve();
    });
    process.on('SIGTERM', () => resolve());
    // A terminal's Ctrl-C reaches the parent too, which passes it on.
    process.on('SIGINT', () => undefined);
  });
  const node = await startNode({
    config,
    log,
    onFailure: (error) => {
      log.error({ err: error }, 'the node cannot trust its disk or its store any more: it stops at once');
      process.stderr.write(`platend: ${(error as Error).message}\n`);
      process.exit(1);
    },
  });
  process.stdout.write(
    banner(config, node.listening, {
      commandLine: path.relative('', fileURLToPath(new URL('platen.js', import.meta.url))),
      stateDirectory: path.resolve('spool'),
      url: 'http://127.0.0.1:8630',
    }),
  );
  await stopAsked;
  await node.stop({ cutOffAfterMs: config.jobs.stopTimeoutMs });
  process.stdout.write('stopped\n');
  process.removeAllListeners('disconnect');
  process.disconnect?.();
};

try {
  await run();
} catch (error) {
  if (error instanceof ConfigError || error instanceof PlatenError) fail(error.message);
  const { code, syscall, address, port } = error as NodeJS.ErrnoException & { address?: string; port?: number };
  if (syscall === 'listen' || syscall === 'bind')
    fail(`cannot listen on ${address}:${port}: ${code === 'EADDRINUSE' ? 'the port is in use' : code}`);
  throw error;
}
