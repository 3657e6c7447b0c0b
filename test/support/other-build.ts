// Platen as another version of it would be: compiled from the sources with some lines changed, into a temporary folder.

import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { transform } from 'esbuild';
import type { TestScope } from './peers.js';
import { temporaryDirectory } from './temporary.js';

const root = path.resolve(import.meta.dirname, '../../..');

/** File → what stands there → what stands there in the other build. */
export type Patches = Readonly<Record<string, Readonly<Record<string, string>>>>;

const patched = (file: string, source: string, patches: Patches): string =>
  Object.entries(patches[file] ?? {}).reduce((text, [from, to]) => {
    if (text.split(from).length !== 2) throw new Error(`${file} has not one ${JSON.stringify(from)}`);
    return text.replace(from, to);
  }, source);

/** Resolves with the folder of its programs. */
export const otherBuild = async (scope: TestScope, patches: Patches): Promise<string> => {
  const directory = await temporaryDirectory(scope);
  await symlink(path.join(root, 'node_modules'), path.join(directory, 'node_modules'));
  await writeFile(path.join(directory, 'package.json'), '{ "type": "module" }\n');
  for (const folder of ['bin', 'lib'])
    for (const name of await readdir(path.join(root, folder), { recursive: true })) {
      const file = path.join(folder, name);
      if (!file.endsWith('.ts')) continue;
      const source = patched(file, await readFile(path.join(root, file), 'utf8'), patches);
      const { code } = await transform(source, { loader: 'ts', format: 'esm', platform: 'node', target: 'node20' });
      const place = path.join(directory, file.replace(/\.ts$/, '.js'));
      await mkdir(path.dirname(place), { recursive: true });
      await writeFile(place, code);
    }
  return path.join(directory, 'bin');
};

const novelty = "novelty: 'of 0.2',";

/** The next version: it adds a field to every record, and a minor version to what peers speak. */
export const nextVersion: Patches = {
  'lib/platform/version.ts': { "'0.1.0'": "'0.2.0'" },
  'lib/model/versions.ts': { 'minor: 1': 'minor: 2' },
  'lib/queue/uploads.ts': { 'version: recordVersions.job,': `version: recordVersions.job, ${novelty}` },
  'lib/queue/printer-table.ts': { 'version: recordVersions.printer,': `version: recordVersions.printer, ${novelty}` },
  'lib/model/ownership.ts': { 'version: recordVersions.owner,': `version: recordVersions.owner, ${novelty}` },
  'lib/cluster/group-edits.ts': { 'version: recordVersions.group,': `version: recordVersions.group, ${novelty}` },
};

/** A version whose job records older ones cannot read. */
export const newJobRecords: Patches = {
  ...nextVersion,
  'lib/model/versions.ts': { 'minor: 1': 'minor: 2', 'recordVersions = { job: 1': 'recordVersions = { job: 2' },
};
