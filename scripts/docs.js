// npm run docs: refreshes the marked blocks of the documents from the source; with --check only says which are stale.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from './build.js';
import { isStarted, root } from './project.js';

const documents = ['README.md', 'ARCHITECTURE.md'];

const compiled = (file) => import(pathToFileURL(path.join(root, 'dist', file)).href);

const table = (head, rows) =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

const errorTable = ({ errorKinds }) =>
  table(
    ['code', 'meaning', 'try again', 'HTTP', 'IPP'],
    Object.entries(errorKinds).map(([code, kind]) => [
      `\`${code}\``,
      kind.meaning,
      kind.retriable ? 'yes' : 'no',
      kind.http,
      `\`${kind.ipp}\``,
    ]),
  );

const jobStateTable = ({ jobTransitions }) =>
  table(
    ['job state', 'may be followed by'],
    Object.entries(jobTransitions).map(([state, next]) => [
      `\`${state}\``,
      next.map((word) => `\`${word}\``).join(', '),
    ]),
  );

/** Name of a block → its text. Needs a build. */
export const docBlocks = async () => ({
  errors: errorTable(await compiled('lib/errors.js')),
  'job-states': jobStateTable(await compiled('lib/model/job.js')),
});

/** `text` with every block between `<!-- name -->` and `<!-- /name -->` replaced; throws for a block that nobody writes. */
export const refreshed = (text, blocks) =>
  text.replace(/^<!-- ([a-z-]+) -->\n[^]*?^<!-- \/\1 -->$/gm, (_, name) => {
    if (!Object.hasOwn(blocks, name)) throw new Error(`there is no block "${name}" to be written`);
    return `<!-- ${name} -->\n\n${blocks[name]}\n\n<!-- /${name} -->`;
  });

const contentOf = (name) => {
  try {
    return readFileSync(path.join(root, name), 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
};

/** The documents that are there, as they are and as they should be. */
export const readDocuments = async () => {
  const blocks = await docBlocks();
  return documents.flatMap((name) => {
    const text = contentOf(name);
    return text === undefined ? [] : [{ name, text, wanted: refreshed(text, blocks) }];
  });
};

if (isStarted(import.meta.url)) {
  await build();
  const stale = (await readDocuments()).filter(({ text, wanted }) => text !== wanted);
  const checkOnly = process.argv.includes('--check');
  for (const { name, wanted } of stale) {
    if (!checkOnly) writeFileSync(path.join(root, name), wanted);
    process.stdout.write(`${name}: ${checkOnly ? 'stale; run npm run docs' : 'refreshed'}\n`);
  }
  if (checkOnly && stale.length > 0) process.exitCode = 1;
}
