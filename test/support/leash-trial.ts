// Takes what it starts on a leash, starts a program that stands still, says its pid, and waits to be killed.

import { spawn } from 'node:child_process';
import { takeOnLeash } from './leash.js';

takeOnLeash({ teardown: () => undefined });
const child = spawn('sleep', ['1000'], { stdio: 'ignore', detached: true });
child.kill('SIGSTOP');
process.stdout.write(`${child.pid}\n`);
setInterval(() => undefined, 1_000);
