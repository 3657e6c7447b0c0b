// The worker that platend starts: one node from its configuration to its end. Stops when told, and at once, with all that it started,
// when its parent is gone.

import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { PipeWatchdog, type SupervisorMessage, type WorkerPipe } from '../lib/cluster/watchdog.js';
import { loadConfig } from '../lib/config.js';
import { ConfigError } from '../lib/config/document.js';
import { PlatenError } from '../lib/errors.js';
import { startNode } from '../lib/main.js';
import { banner } from '../lib/main/banner.js';
import { machineClock, systemClock } from '../lib/platform/clock.js';
import { createLog } from '../lib/platform/log.js';
import { version } from '../lib/platform/version.js';
import { neverAgain } from '../lib/supervisor/course.js';

const fail = (message: string, status = 2): never => {
  process.stderr.write(`platend: ${message}\n`);
  process.exit(status);
};

/** In a cluster this process leads a group of its own, with the filters that it started. */
const die = (): never => {
  try {
    process.kill(-process.pid, 'SIGKILL');
  } catch {
    // It leads no group.
  }
  process.exit(1);
};

const pipe: WorkerPipe = {
  send: (message) => {
    if (process.connected) process.send?.(message, undefined, {}, () => {});
  },
  onMessage: (listener) => {
    process.on('message', (message) => listener(message as SupervisorMessage));
  },
};

const toldTo = (what: 'go' | 'stop'): Promise<void> =>
  new Promise((resolve) =>
    pipe.onMessage(({ tell }) => {
      if (tell === what) resolve();
    }),
  );

const run = async (): Promise<void> => {
  const { values } = parseArgs({
    options: {
      config: { type: 'string' },
      state: { type: 'string' },
      version: { type: 'boolean' },
      // Given by a platend that found a cluster in the configuration.
      supervised: { type: 'boolean', default: false },
    },
  });
  if (values.version === true) {
    process.stdout.write(`${version}\n`);
    process.disconnect?.();
    return;
  }
  // From the first moment: nobody may be left behind by a parent that was killed.
  process.on('disconnect', die);
  // It may have been killed while this program was being loaded, when nobody listened.
  if (process.send !== undefined && !process.connected) die();
  const [told, allowed] = [toldTo('stop'), toldTo('go')];
  const config = await loadConfig({ file: values.config, stateDirectory: values.state });
  const log = createLog(config.log.level);
  if (values.supervised !== (config.cluster !== undefined))
    fail(
      'whether this node is alone or in a cluster was changed in the configuration: stop platend and start it again',
    );
  const stopAsked = new Promise<void>((resolve) => {
    void told.then(resolve);
    process.on('SIGTERM', () => resolve());
    // A terminal's Ctrl-C reaches the parent too, which passes it on.
    process.on('SIGINT', () => undefined);
  });
  if (values.supervised) await allowed;
  const watchdog = values.supervised
    ? new PipeWatchdog({ pipe, clock: systemClock, machineTime: () => machineClock.monotonic() })
    : undefined;
  let isReady = false;
  const starting = startNode({
    config,
    log,
    ...(watchdog === undefined ? {} : { watchdog }),
    onFailure: (error) => {
      if (error instanceof PlatenError && error.code === 'node-name-taken') fail(error.message, neverAgain);
      log.error({ err: error }, 'the node cannot trust its disk or its store any more: it stops at once');
      process.stderr.write(`platend: ${(error as Error).message}\n`);
      process.exit(1);
    },
  });
  // A node of a cluster may wait for its store for ever; until it is ready it has promised nothing to anybody.
  if (values.supervised) void stopAsked.then(() => isReady || process.exit(0));
  const node = await starting;
  isReady = true;
  process.stdout.write(
    banner(config, node.listening, {
      commandLine: path.relative('', fileURLToPath(new URL('platen.js', import.meta.url))),
      stateDirectory: path.resolve('spool'),
      url: 'http://127.0.0.1:8630',
    }),
  );
  if (values.supervised) pipe.send({ tell: 'ready' });
  await stopAsked;
  const sending = node.sending();
  if (sending.length > 0) {
    const seconds = Math.ceil(config.jobs.stopTimeoutMs / 1_000);
    process.stdout.write(`stopping: up to ${seconds} s for what is being sent (${sending.join(', ')})\n`);
  }
  await node.stop({ cutOffAfterMs: config.jobs.stopTimeoutMs });
  watchdog?.close();
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
