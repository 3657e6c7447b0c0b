// npm start: installs what is missing, compiles what has changed, and becomes platend.
import path from 'node:path';
import { build } from './build.js';
import { installPackages } from './install.js';
import { become, nodeEnvironment, root } from './project.js';

installPackages();
await build();
const platend = path.join(root, 'dist', 'bin', 'platend.js');
process.exitCode = await become(process.execPath, [platend, ...process.argv.slice(2)], nodeEnvironment);
