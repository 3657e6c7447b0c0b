// Documents of 2 GiB from end to end: SHA-256 equal, and the worker does not grow with them.

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { writeBigFile } from '../support/big-file.js';
import { startDevice } from '../support/device.js';
import { type NodeProcess, startNode } from '../support/node-process.js';
import { run, type RunResult, skipWithout } from '../support/peers.js';
import { temporaryDirectory } from '../support/temporary.js';

const length = 2 ** 31;
const mostGrowthKiB = 64 << 10;
const patienceMs = 600_000;

const residentKiB = async (pid: number): Promise<number> =>
  Number(/^VmRSS:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1]);

/** Samples until `ended`; resolves with the largest. */
const peakKiB = async (pid: number, ended: () => boolean): Promise<number> => {
  let peak = 0;
  while (!ended()) {
    peak = Math.max(peak, await residentKiB(pid));
    await delay(50);
  }
  return peak;
};

const backEnd = '/usr/lib/cups/backend/lpd';

const ways: readonly {
  readonly name: string;
  readonly needs: readonly string[];
  readonly send: (node: NodeProcess, file: string) => Promise<RunResult>;
}[] = [
  {
    name: 'IPP, by lp',
    needs: ['lp'],
    send: (node, file) => run('lp', ['-h', node.server(), '-d', 'demo', file], { timeoutMs: patienceMs }),
  },
  {
    name: 'LPD, by the CUPS back end',
    needs: [backEnd],
    send: (node, file) =>
      run(backEnd, ['1', 'user', 'title', '1', '', file], {
        timeoutMs: patienceMs,
        env: { DEVICE_URI: `lpd://127.0.0.1:${node.port('lpd')}/demo?reserve=none`, TMPDIR: path.dirname(file) },
      }),
  },
];

for (const { name, needs, send } of ways)
  t.test(`2 GiB over ${name}`, skipWithout(...needs), async (t) => {
    const { emulator, device } = await startDevice(t);
    const node = await startNode(t, { printers: { demo: { device } } });
    const directory = await temporaryDirectory(t);
    const file = path.join(directory, 'document');
    const small = path.join(directory, 'small');
    const sha256 = await writeBigFile(file, length);
    await writeBigFile(small, 1_000_000);
    // What the first jobs make the process take up for good is no growth.
    for (let jobs = 1; jobs <= 3; jobs += 1) {
      t.equal((await send(node, small)).status, 0);
      await node.completed(jobs);
    }
    const pid = await node.workerPid();
    const before = await residentKiB(pid);
    let over = false;
    const peak = peakKiB(pid, () => over);
    const started = performance.now();
    const ran = await send(node, file);
    t.equal(ran.status, 0, ran.stderr);
    const accepted = performance.now();
    const job = await node.completed(4, patienceMs);
    over = true;
    const printed = performance.now();
    t.match(job, { attempts: [{ bytes: length, evidence: 'confirmed' }] });
    t.match(emulator.jobs.at(-1), { length, sha256, whole: true });
    const growth = (await peak) - before;
    t.ok(growth < mostGrowthKiB, `the worker grew by ${growth} KiB from ${before} KiB`);
    t.comment(
      `${name}: accepted after ${Math.round(accepted - started)} ms, printed after ${Math.round(printed - accepted)} ms more; ` +
        `the worker had ${before} KiB and grew by ${growth} KiB at most`,
    );
  });
