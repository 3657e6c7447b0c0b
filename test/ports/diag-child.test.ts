// What the child answers about real connections is in tcp-witness.test.ts.

import { once } from 'node:events';
import t from 'tap';
import { startDiagnosis } from '../../lib/ports/diag-child.js';
import { skipWithout } from '../support/peers.js';

t.test('the child answers line by line and ends with its input', skipWithout('perl'), async (t) => {
  const child = startDiagnosis();
  const ended = once(child, 'close');
  let said = '';
  child.stdout?.setEncoding('latin1').on('data', (text: string) => {
    said += text;
  });
  const nobody = `2 7f000001${'0'.repeat(24)} 1 7f000001${'0'.repeat(24)} 1\n`;
  child.stdin?.end(nobody + nobody);
  t.strictSame(await ended, [0, null]);
  t.equal(said, 'absent\nabsent\n');
});
