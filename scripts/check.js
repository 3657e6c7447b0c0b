// npm run check: types, lint, format and unit tests; every step runs, then a summary.
import path from 'node:path';
import { installPackages } from './install.js';
import { root, run } from './project.js';

installPackages();
const tool = (name) => path.join(root, 'node_modules', '.bin', name);

const steps = [
  ['types', tool('tsc'), '--noEmit'],
  ['lint', tool('oxlint'), '--type-aware'],
  ['format', tool('biome'), 'format', '.'],
  ['docs', process.execPath, 'scripts/docs.js', '--check'],
  ['tests', process.execPath, 'scripts/test.js'],
];

const results = steps.map(([name, command, ...args]) => {
  process.stdout.write(`\n== ${name}\n`);
  return { name, ok: run(command, args) === 0 };
});
process.stdout.write(`\n${results.map(({ name, ok }) => `${name}: ${ok ? 'ok' : 'FAILED'}`).join('\n')}\n`);
process.exitCode = results.every(({ ok }) => ok) ? 0 : 1;
