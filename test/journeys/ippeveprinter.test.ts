// CUPS' own IPP Everywhere printer as the far end of a queue.

import t from 'tap';
import { arrived, printAll, startFor } from '../support/far-end.js';
import { ippEvePrinterNeeds, startIppEvePrinter } from '../support/ippeveprinter.js';
import { skipWithout } from '../support/peers.js';

t.test('ippeveprinter', skipWithout('lp', ...ippEvePrinterNeeds), async (t) => {
  const printer = await startIppEvePrinter(t);
  const node = await startFor(t, printer.uri);
  // It takes 5 to 15 seconds for a job, as a printer would.
  const hashes = await printAll(t, node, { head: '%PDF-1.4\n', lengths: [3_000_001] });
  await arrived(t, hashes, () => printer.documents());
});
