// npm run bench: compiles, looks for the peer, and runs the measurements of test/bench. Never part of npm test. `-- --help` says more.
import path from 'node:path';
import { build } from './build.js';
import { installPackages } from './install.js';
import { installPeers } from './peers.js';
import { become, nodeEnvironment, root } from './project.js';

installPackages();
const peers = installPeers();
await build();
// The disk is measured with as many threads as the server has.
const env = { ...nodeEnvironment, ...peers, UV_THREADPOOL_SIZE: '32' };
const program = path.join(root, 'dist', 'test', 'bench', 'main.js');
process.exitCode = await become(process.execPath, [program, ...process.argv.slice(2)], env);
