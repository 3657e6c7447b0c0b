// npm run campaign:crash -- [--runs N] [--seed S]: compiles what has changed and kills a node under load; --help shows the options.
import path from 'node:path';
import { build } from './build.js';
import { installPackages } from './install.js';
import { become, root } from './project.js';

installPackages();
await build();
process.chdir(root);
const program = path.join(root, 'dist', 'test', 'support', 'campaign', 'main.js');
process.exitCode = await become(process.execPath, [program, ...process.argv.slice(2)]);
