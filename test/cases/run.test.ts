// Plays every *.case beside it: what each node decides, why, and what the store says then.

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { parseCase } from '../support/case-file.js';
import { CaseWorld } from '../support/case-world.js';

const folder = path.join(process.cwd(), 'test/cases');
const files = readdirSync(folder).filter((name) => name.endsWith('.case'));

const read = (name: string): string => readFileSync(path.join(folder, name), 'utf8');

for (const name of files) {
  const story = parseCase(name, read(name));
  t.test(`${name}: ${story.title}`, async (t) => {
    t.doesNotThrow(() => new CaseWorld(story).play());
  });
}

/** Cases that DESIGN and REQUIREMENTS ask for by name. */
const asked =
  'F1 F2 F3 F4 F5 F6 F7 F8 F14 F17 F18 F19 F20 F21 F24 F25 F31 fencer-dead fenced-node-back self-fenced claim-after-fence target-dead';

t.test('every case that is asked for is there', async (t) => {
  const heads = files.map((name) => `${name} ${parseCase(name, read(name)).title}`);
  for (const word of asked.split(' '))
    t.ok(
      heads.some((head) => new RegExp(`\\b${word}\\b`).test(head)),
      word,
    );
});

t.test('a wrong expectation fails, and says what was found instead', async (t) => {
  const source = read('store-unreachable.case').replace('claim sales after=7', 'claim sales after=6');
  t.throws(() => new CaseWorld(parseCase('wrong.case', source)).play(), {
    message:
      /wrong\.case:\d+ \(1\.9s after.*claim sales after=6.*found instead: claim sales after=7.*sales: a's incarn/s,
  });
  const reason = read('store-unreachable.case').replace('b is before me', 'nobody is before me');
  t.throws(() => new CaseWorld(parseCase('wrong.case', reason)).play(), { message: /sales: b is before me/ });
  t.throws(() => new CaseWorld(parseCase('wrong.case', 'nodez a=up')).play(), { message: /no such word: nodez/ });
});
