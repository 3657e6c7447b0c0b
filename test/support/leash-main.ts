// Waits until whoever started it is gone, then kills all that bear the word of its argument (see leash.ts).

import { killAllBearing } from './leash.js';

const [word = ''] = process.argv.slice(2);
process.on('SIGINT', () => undefined);
process.stdin.resume();
process.stdin.once('close', () => void killAllBearing(word));
