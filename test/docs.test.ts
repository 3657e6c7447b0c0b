// What the documents say must be what the source says.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { errorKinds } from '../lib/errors.js';
import { jobTransitions } from '../lib/model/job.js';
import { projectRoot } from './support/sources.js';

interface DocsScript {
  readonly readDocuments: () => Promise<{ name: string; text: string; wanted: string }[]>;
  readonly refreshed: (text: string, blocks: Record<string, string>) => string;
}
const docs = (await import(path.join(projectRoot, 'scripts', 'docs.js'))) as DocsScript;

t.test('the marked blocks are current (else: npm run docs)', async (t) => {
  const documents = await docs.readDocuments();
  t.ok(documents.some(({ name }) => name === 'README.md'));
  for (const { name, text, wanted } of documents) t.equal(text, wanted, name);
});

t.test('the README lists every error code and every job state', async (t) => {
  const readme = readFileSync(path.join(projectRoot, 'README.md'), 'utf8');
  const blockOf = (name: string): string =>
    new RegExp(`<!-- ${name} -->([^]*?)<!-- /${name} -->`).exec(readme)?.[1] ?? '';
  for (const code of Object.keys(errorKinds)) t.ok(blockOf('errors').includes(`| \`${code}\` |`), code);
  for (const state of Object.keys(jobTransitions)) t.ok(blockOf('job-states').includes(`| \`${state}\` |`), state);
});

t.test('a stale block is seen, and so is one that nobody writes', async (t) => {
  const text = 'a\n<!-- x -->\nold\n<!-- /x -->\nb\n';
  t.equal(docs.refreshed(text, { x: 'new' }), 'a\n<!-- x -->\n\nnew\n\n<!-- /x -->\nb\n');
  t.equal(docs.refreshed('<!-- x -->\n<!-- /x -->\n', { x: '$& $1' }), '<!-- x -->\n\n$& $1\n\n<!-- /x -->\n');
  t.throws(() => docs.refreshed(text, {}), { message: 'there is no block "x" to be written' });
});

t.test('the commands that CONTRIBUTING names are there', async (t) => {
  const text = readFileSync(path.join(projectRoot, 'CONTRIBUTING.md'), 'utf8');
  const { scripts } = JSON.parse(readFileSync(path.join(projectRoot, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  const named = [...text.matchAll(/npm run ([a-z:-]+)/g)].map((match) => match[1] ?? '');
  t.not(named.length, 0);
  for (const name of named) t.ok(scripts[name] !== undefined, name);
});
