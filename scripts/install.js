// Installs the npm packages that package-lock.json names, unless they are there. No package's install script is run.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { isStarted, root, run } from './project.js';

const stamp = path.join(root, 'node_modules', '.platen-lock');

const installed = () => {
  try {
    return readFileSync(stamp, 'utf8');
  } catch {
    return '';
  }
};

/** Returns after the packages are there; throws when npm fails. */
export const installPackages = () => {
  const wanted = createHash('sha256')
    .update(readFileSync(path.join(root, 'package-lock.json')))
    .digest('hex');
  if (installed() === wanted) return;
  process.stdout.write('installing npm packages\n');
  // Not `npm ci`: it refuses a lockfile made where a registry does not carry the binaries of other platforms.
  const flags = ['--no-save', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'];
  if (run('npm', ['install', ...flags]) !== 0) throw new Error('npm install failed');
  writeFileSync(stamp, wanted);
};

if (isStarted(import.meta.url)) installPackages();
