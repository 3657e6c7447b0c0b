// Compiles lib, bin, drivers and test to dist/, file by file, leaving out what is newer there already. No type check: `npm run check` does that.
import { readdirSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const folders = ['lib', 'bin', 'drivers', 'test'];

const filesBelow = (folder, ending) => {
  try {
    return readdirSync(path.join(root, folder), { recursive: true })
      .map((name) => path.join(folder, name))
      .filter((name) => name.endsWith(ending));
  } catch (error) {
    if (error.code === 'ENOENT') return [];
    throw error;
  }
};

const modified = (file) => {
  try {
    return statSync(path.join(root, file)).mtimeMs;
  } catch {
    return 0;
  }
};

/** Builds; returns how many files were compiled. */
export const build = async () => {
  const sources = folders.flatMap((folder) => filesBelow(folder, '.ts'));
  const compiled = (source) => path.join('dist', source.replace(/\.ts$/, '.js'));
  const wanted = new Set(sources.map(compiled));
  for (const old of filesBelow('dist', '.js')) if (!wanted.has(old)) rmSync(path.join(root, old));
  const stale = sources.filter((source) => modified(source) > modified(compiled(source)));
  if (stale.length === 0) return 0;
  const esbuild = await import('esbuild');
  await esbuild.build({
    absWorkingDir: root,
    entryPoints: stale,
    outdir: 'dist',
    outbase: '.',
    format: 'esm',
    platform: 'node',
    target: 'node20',
    sourcemap: 'inline',
    sourcesContent: false,
    logLevel: 'warning',
  });
  // Its service would live, with some 200 MB, for as long as this process.
  await esbuild.stop();
  return stale.length;
};

if (process.argv[1] === fileURLToPath(import.meta.url)) await build();
