import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { nodeIdIn } from '../../lib/cluster/node-id.js';

t.test('a state directory keeps its id; another has another', async (t) => {
  const [one, other] = [path.join(t.testdir({ one: {}, other: {} }), 'one'), path.join(t.testdirName, 'other')];
  const id = await nodeIdIn(one);
  t.match(id, /^[0-9a-f]{32}$/);
  t.equal(await nodeIdIn(one), id);
  t.equal(readFileSync(path.join(one, 'node-id'), 'utf8'), `${id}\n`);
  t.not(await nodeIdIn(other), id);
  writeFileSync(path.join(one, 'node-id'), '');
  t.match(await nodeIdIn(one), /^[0-9a-f]{32}$/, 'an empty file is made anew');
});
