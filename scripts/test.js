// npm test [-- [--long] NAME...]: installs what tests need, compiles, and runs the test files whose path holds a NAME (default: all).
// The last line is the sum: `12 passed, 0 failed, 1 skipped`. Exit status 1 when something failed or nothing ran.
import { spawn } from 'node:child_process';
import { createWriteStream, mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { build } from './build.js';
import { installPackages } from './install.js';
import { installPeers } from './peers.js';
import { nodeEnvironment, root } from './project.js';
import { createTapReader } from './tap-reader.js';

const compiledTests = path.join('dist', 'test');
const longTests = path.join(compiledTests, 'long') + path.sep;

const testFiles = (names, long) =>
  readdirSync(path.join(root, compiledTests), { recursive: true })
    .filter((file) => file.endsWith('.test.js'))
    .map((file) => path.join(compiledTests, file))
    .filter((file) => file.startsWith(longTests) === long)
    .filter((file) => names.length === 0 || names.some((name) => file.includes(name.replace(/\.ts$/, '.js'))))
    .sort();

/** Runs tap over the files, writes progress and failures, resolves with the reader's result and tap's exit status. */
const runTap = async (files, env, long) => {
  const tap = path.join(root, 'node_modules', '.bin', 'tap');
  const timeout = long ? ['--timeout=1800'] : [];
  const child = spawn(tap, ['run', '--reporter=tap', ...timeout, ...files], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...nodeEnvironment, ...env },
  });
  const ended = new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status) => resolve(status ?? 1));
  });
  mkdirSync(path.join(root, '.tap'), { recursive: true });
  const record = createWriteStream(path.join(root, '.tap', 'output.tap'));
  const reader = createTapReader((line) => process.stdout.write(`${line}\n`));
  for await (const line of createInterface({ input: child.stdout })) {
    record.write(`${line}\n`);
    reader.line(line);
  }
  record.end();
  return { ...reader.result(), status: await ended };
};

const main = async (args) => {
  const long = args.includes('--long');
  const names = args.filter((word) => !word.startsWith('--'));
  installPackages();
  const env = installPeers();
  await build();
  const files = testFiles(names, long);
  if (files.length === 0) {
    process.stdout.write(`no test file${names.length === 0 ? '' : ` has ${names.join(' or ')} in its path`}\n`);
    return { sum: '0 passed, 0 failed', ok: false };
  }
  const { skipped, counts, status } = await runTap(files, env, long);
  for (const { name, reason } of skipped)
    process.stdout.write(`skipped: ${name}${reason === '' ? '' : `: ${reason}`}\n`);
  if (counts === undefined) {
    process.stdout.write(`tap ended with status ${status} before its last line\n`);
    return { sum: '0 passed, 1 failed', ok: false };
  }
  const { pass, fail, skip } = counts;
  // tap may end badly although no test failed: nothing that it says may be lost.
  const failed = fail === 0 && status !== 0 ? 1 : fail;
  if (failed !== 0) process.stdout.write('everything that tap said is in .tap/output.tap\n');
  return {
    sum: `${pass} passed, ${failed} failed${skip === 0 ? '' : `, ${skip} skipped`}`,
    ok: failed === 0 && pass > 0,
  };
};

let outcome = { sum: '0 passed, 1 failed', ok: false };
try {
  outcome = await main(process.argv.slice(2));
} catch (error) {
  process.stdout.write(`${error.stack}\n`);
}
process.exitCode = outcome.ok ? 0 : 1;
process.stdout.write(`${outcome.sum}\n`);
