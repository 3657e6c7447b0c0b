// Printers that do not behave, behind the built node: each job comes out once, whole, and the node says what it knows of it.

import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { sha256 } from '../support/delivery.js';
import { startDevice } from '../support/device.js';
import { type NodeProcess, startNode } from '../support/node-process.js';
import type { Behaviour } from '../support/printer-emulator.js';
import { run, skipWithout } from '../support/peers.js';
import { temporaryDirectory } from '../support/temporary.js';

const confirmAfterMs = 500;

const print = async (t: Test, node: NodeProcess, content: Uint8Array): Promise<string> => {
  const file = path.join(await temporaryDirectory(t), 'letter');
  await writeFile(file, content);
  const { status, stderr } = await run('lp', ['-h', node.server(), '-d', 'demo', file]);
  t.equal(status, 0, stderr);
  return sha256(content);
};

const endings: readonly { readonly name: string; readonly behaviour: Partial<Behaviour>; readonly evidence: string }[] =
  [
    { name: 'a printer that never sends FIN', behaviour: { onHalfClose: 'ignore' }, evidence: 'sent-unconfirmed' },
    { name: 'one that resets at the half-close', behaviour: { onHalfClose: 'reset' }, evidence: 'sent-unconfirmed' },
    { name: 'one that takes one connection at a time', behaviour: { oneAtATime: true }, evidence: 'confirmed' },
  ];
for (const { name, behaviour, evidence } of endings)
  t.test(`${name} prints each job once`, skipWithout('lp'), async (t) => {
    const { emulator, device } = await startDevice(t, behaviour);
    const node = await startNode(t, { printers: { demo: { device, confirmAfterMs } } });
    const sent: string[] = [];
    for (let index = 0; index < 3; index += 1) sent.push(await print(t, node, randomBytes(200_000)));
    for (const id of [1, 2, 3])
      t.match(await node.completed(id), { attempts: { length: 1, 0: { result: 'delivered', evidence } } });
    await delay(2 * confirmAfterMs);
    t.same(
      emulator.jobs.map((job) => job.sha256),
      sent,
    );
  });

t.test(
  'paper runs out before the last octets: the job goes on when there is paper again',
  skipWithout('lp'),
  async (t) => {
    const { emulator, device } = await startDevice(t, { stopAfter: 15_000_000 });
    const node = await startNode(t, { printers: { demo: { device, confirmAfterMs } } });
    const hash = await print(t, node, randomBytes(30_000_000));
    while (emulator.bytesInFlight < 15_000_000) await delay(20);
    await delay(6 * confirmAfterMs);
    t.match(await node.job(1), { state: 'processing', attempts: { length: 1 } });
    const { drained } = (await node.printer('demo')).printing?.progress ?? { drained: 0 };
    t.ok(drained >= 15_000_000 && drained < 30_000_000, `the printer has taken ${drained} octets`);
    emulator.resume();
    t.match(await node.completed(1), { attempts: { length: 1, 0: { result: 'delivered', evidence: 'confirmed' } } });
    t.match(emulator.jobs, { length: 1, 0: { sha256: hash, whole: true } });
  },
);

t.test(
  'paper runs out when the last octets are on their way: nothing is done before they were read',
  skipWithout('lp'),
  async (t) => {
    const { emulator, device } = await startDevice(t, { stopAfter: 1 });
    const node = await startNode(t, { printers: { demo: { device, confirmAfterMs } } });
    // More than the printer's receive buffer takes, so that the end of it stays with the node.
    const hash = await print(t, node, randomBytes(12_000_000));
    await delay(6 * confirmAfterMs);
    t.match(await node.job(1), { state: 'processing', attempts: { length: 1 } });
    emulator.resume();
    t.match(await node.completed(1), { attempts: { length: 1, 0: { result: 'delivered', evidence: 'confirmed' } } });
    t.match(emulator.jobs, { length: 1, 0: { sha256: hash, whole: true } });
  },
);

t.test(
  'a connection that breaks in a document is followed by another with the whole of it',
  skipWithout('lp'),
  async (t) => {
    const { emulator, device } = await startDevice(t, { resetAfter: 100_000 });
    const node = await startNode(t, { printers: { demo: { device, confirmAfterMs } } });
    const hash = await print(t, node, randomBytes(5_000_000));
    t.match(await emulator.nextJob(), { whole: false });
    await emulator.behave({ resetAfter: Infinity });
    const { attempts } = await node.completed(1);
    t.match(attempts[0], { result: 'interrupted', evidence: 'partial' });
    t.match(attempts.at(-1), { result: 'delivered' });
    t.same(
      emulator.jobs.filter(({ whole }) => whole).map((job) => job.sha256),
      [hash],
    );
  },
);
