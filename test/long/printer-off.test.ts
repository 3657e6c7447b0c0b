// A printer that is off for half a minute, for real: it resumes by itself, and nobody else waits for it.

import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { startDevice } from '../support/device.js';
import { startNode } from '../support/node-process.js';
import { run, skipWithout } from '../support/peers.js';
import { temporaryDirectory } from '../support/temporary.js';

const offMs = 30_000;
/** The longest pause between two tries, and some time to print. */
const withinMs = 15_000 + 10_000;

t.test('a printer that is off for 30 s delays nobody and resumes by itself', skipWithout('lp', 'lpstat'), async (t) => {
  const off = await startDevice(t);
  const on = await startDevice(t);
  const node = await startNode(t, { printers: { off: { device: off.device }, on: { device: on.device } } });
  const file = path.join(await temporaryDirectory(t), 'letter');
  await writeFile(file, 'a letter');
  const print = async (printer: string): Promise<number> => {
    const { status, stdout, stderr } = await run('lp', ['-h', node.server(), '-d', printer, file]);
    t.equal(status, 0, stderr);
    return Number(/-(\d+) /.exec(stdout)?.[1]);
  };

  await off.emulator.behave({ refuse: true });
  const waiting = [await print('off'), await print('off'), await print('off')];
  const offAt = performance.now();
  const waits: number[] = [];
  while (performance.now() - offAt < offMs) {
    const started = performance.now();
    await node.completed(await print('on'));
    waits.push(performance.now() - started);
    await delay(500);
  }
  t.comment(`${waits.length} jobs on the other printer, the slowest took ${Math.round(Math.max(...waits))} ms`);
  t.ok(Math.max(...waits) < 5_000, 'the other printer went on');
  t.match((await run('lpstat', ['-h', node.server(), '-o', 'off'])).stdout, /(off-\d+ [^]*){3}/);
  for (const id of waiting) t.match((await node.job(id)).state, /^(pending|processing)$/);

  await off.emulator.behave({ refuse: false });
  const backAt = performance.now();
  for (const id of waiting) await node.completed(id, withinMs);
  t.comment(`printed ${Math.round(performance.now() - backAt)} ms after the printer was back`);
  t.equal(off.emulator.jobs.length, waiting.length, 'each job came once');
});
