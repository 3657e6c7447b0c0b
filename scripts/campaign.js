// npm run campaign -- --scenario NAME [--runs N] [--seed S]: compiles what has changed and runs clusters with faults; --help shows the rest.
import path from 'node:path';
import { build } from './build.js';
import { installPackages } from './install.js';
import { installPeers } from './peers.js';
import { become, root } from './project.js';

installPackages();
const env = installPeers();
await build();
process.chdir(root);
const program = path.join(root, 'dist', 'test', 'support', 'cluster', 'campaign-main.js');
process.exitCode = await become(process.execPath, [program, ...process.argv.slice(2)], env);
