// A supervisor as platend runs it, with a fake worker: node supervisor-main.js CONFIG SOCKET.

import path from 'node:path';
import { loadConfig } from '../../lib/config.js';
import { createLog } from '../../lib/platform/log.js';
import { supervise } from '../../lib/supervisor/supervise.js';

const [file, socket = ''] = process.argv.slice(2);
const config = await loadConfig({ file });
if (config.cluster === undefined) throw new Error('the configuration has no cluster');
process.exitCode = await supervise({
  config,
  cluster: config.cluster,
  program: { file: path.join(import.meta.dirname, 'fake-worker-main.js'), args: [socket] },
  log: createLog('debug'),
});
