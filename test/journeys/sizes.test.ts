// Documents of every size through the built node, by the clients that people have: what comes out is what went in.

import path from 'node:path';
import t from 'tap';
import { writeBigFile } from '../support/big-file.js';
import { startDevice } from '../support/device.js';
import { startNode } from '../support/node-process.js';
import { run, skipWithout } from '../support/peers.js';
import { temporaryDirectory } from '../support/temporary.js';

const sizes: readonly { readonly name: string; readonly length: number }[] = [
  { name: 'nothing', length: 0 },
  { name: '1 octet', length: 1 },
  { name: '10 KB', length: 10_000 },
  { name: '100 MB', length: 100_000_000 },
];

interface Place {
  readonly server: string;
  readonly file: string;
}

const clients: readonly { name: string; needs: readonly string[]; command: (place: Place) => readonly string[] }[] = [
  { name: 'lp', needs: ['lp'], command: ({ server, file }) => ['lp', '-h', server, '-d', 'demo', file] },
  {
    name: 'lp from its standard input',
    needs: ['lp', 'sh'],
    command: ({ server, file }) => ['sh', '-c', `lp -h ${server} -d demo < ${file}`],
  },
  { name: 'lpr of CUPS', needs: ['lpr'], command: ({ server, file }) => ['lpr', '-H', server, '-P', 'demo', file] },
  {
    name: 'ipptool',
    needs: ['ipptool'],
    command: ({ server, file }) => ['ipptool', '-tv', '-f', file, `ipp://${server}/printers/demo`, 'print-job.test'],
  },
];

for (const { name, needs, command } of clients)
  t.test(`${name}: documents come out as they went in`, skipWithout(...needs), async (t) => {
    const { emulator, device } = await startDevice(t);
    const node = await startNode(t, { printers: { demo: { device } } });
    const directory = await temporaryDirectory(t);
    for (const [index, size] of sizes.entries())
      await t.test(size.name, async (t) => {
        const file = path.join(directory, `document-${size.length}`);
        const sha256 = await writeBigFile(file, size.length);
        const [program = '', ...args] = command({ server: node.server(), file });
        const ran = await run(program, args);
        t.equal(ran.status, 0, ran.stdout + ran.stderr);
        t.match(await emulator.nextJob(20_000), { length: size.length, sha256, whole: true });
        t.match(await node.completed(index + 1), { attempts: [{ bytes: size.length, evidence: 'confirmed' }] });
      });
    t.equal(emulator.jobs.length, sizes.length);
  });
