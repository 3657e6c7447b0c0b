// The demonstration that the README promises, as a user runs it.

import path from 'node:path';
import t from 'tap';
import { run, skipWithout } from '../support/peers.js';

t.test('the demonstration of a cluster tells its story to the end', skipWithout('etcd'), async (t) => {
  const program = path.resolve(import.meta.dirname, '../demo/main.js');
  const { status, stdout, stderr } = await run(process.execPath, [program], { timeoutMs: 200_000 });
  t.equal(status, 0, stderr);
  t.match(stdout, /acknowledged and printed whole, each once: 4 of 4 documents/);
  t.match(stdout, /it took 2 attempts/);
});
