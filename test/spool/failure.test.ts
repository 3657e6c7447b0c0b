// Errors of the disk, injected below the process (R4): no acknowledgement, nothing left, no second try, one report.

import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Test } from 'tap';
import t from 'tap';
import { filesBelow } from '../support/spool.js';
import { temporaryDirectory } from '../support/temporary.js';

const hasStrace = spawnSync('strace', ['-V']).status === 0;
const traced = { skip: hasStrace ? false : 'strace is not installed' };
const built = path.resolve(import.meta.dirname, '../../lib');
const load = (file: string): string => JSON.stringify(pathToFileURL(path.join(built, file)).href);

/** Receives three documents of `size` one after another and says how each ended. */
const program = (directory: string, size: number): string => `
  import { writeSync } from 'node:fs';
  import { Spool } from ${load('spool/spool.js')};
  import { systemClock } from ${load('platform/clock.js')};
  import { silentLog } from ${load('platform/log.js')};
  const said = { opened: false, ended: [], reports: 0, failed: false };
  try {
    const spool = await Spool.open({
      directory: ${JSON.stringify(directory)},
      limits: { reserveBytes: 0, maxDocumentBytes: 1e9 },
      clock: systemClock,
      log: silentLog,
      onFailure: () => { said.reports += 1; },
    });
    await spool.openEpoch('sales', 1);
    said.opened = true;
    async function* source() {
      for (let left = ${size}; left > 0; left -= 65536) yield Buffer.alloc(Math.min(left, 65536), 1);
    }
    for (let job = 1; job <= 3; job += 1)
      said.ended.push(await spool.receive({ group: 'sales', epoch: 1, job, number: 1 }, source()).then(
        () => 'acknowledged',
        (error) => error.code,
      ));
    said.failed = spool.failed;
    await spool.close();
  } catch (error) {
    said.ended.push(error.code);
  }
  writeSync(1, JSON.stringify(said));
`;

interface Said {
  readonly opened: boolean;
  readonly ended: readonly string[];
  readonly reports: number;
  readonly failed: boolean;
}

const run = async (t: Test, inject: string, size: number): Promise<Said & { readonly left: readonly string[] }> => {
  const directory = path.join(await temporaryDirectory(t), 'state');
  const trace = ['-f', '-qq', '-o', '/dev/null', '-e', `trace=${inject.split(':')[0]}`, '-e', `inject=${inject}`];
  const script = program(directory, size);
  const { stdout, stderr } = spawnSync('strace', [...trace, process.execPath, '--input-type=module', '-e', script], {
    encoding: 'utf8',
    // strace counts calls per thread.
    env: { ...process.env, UV_THREADPOOL_SIZE: '1' },
  });
  if (stdout === '') throw new Error(stderr);
  return { ...(JSON.parse(stdout) as Said), left: await filesBelow(directory) };
};

/** What holds wherever the error struck. */
const checkFailure = (
  t: Test,
  name: string,
  { opened, ended, reports, failed, left }: Awaited<ReturnType<typeof run>>,
) => {
  const good = ended.filter((end) => end === 'acknowledged').length;
  t.ok(
    ended.slice(good).every((end) => end === 'spool-failed'),
    `${name}: ${ended.join(', ')}`,
  );
  t.equal(left.length, good, `${name}: only what was acknowledged is there`);
  if (!opened) return;
  t.equal(ended.length, 3);
  t.equal(reports, good < 3 ? 1 : 0, `${name}: reported once`);
  t.equal(failed, good < 3, name);
};

t.test('an fsync that fails once, whichever it is, is the end of the spool', traced, async (t) => {
  let uploads = 0;
  for (let which = 1; which <= 16; which += 1) {
    const said = await run(t, `fsync:error=EIO:when=${which}`, 100_000);
    checkFailure(t, `fsync number ${which}`, said);
    if (said.opened && said.failed) uploads += 1;
  }
  t.equal(uploads, 6, 'both syncs of each of the three uploads were hit');
});

t.test('so is any other call that fails on the way', traced, async (t) => {
  for (const [inject, size] of [
    ['rename:error=EIO:when=1', 100_000],
    ['rename:error=EIO:when=2', 100_000],
    ['fdatasync:error=EIO:when=1', 20 << 20],
    ['fdatasync:error=EIO:when=3', 20 << 20],
    ['rename:error=EROFS:when=1+', 100_000],
  ] as const)
    checkFailure(t, inject, await run(t, inject, size));
});

t.test('a full disk refuses the upload and the spool goes on', traced, async (t) => {
  for (const [inject, size] of [
    ['rename:error=ENOSPC:when=1', 100_000],
    ['fdatasync:error=EDQUOT:when=1', 20 << 20],
  ] as const) {
    const { ended, reports, failed, left } = await run(t, inject, size);
    t.strictSame(ended, ['spool-full', 'acknowledged', 'acknowledged'], inject);
    t.equal(left.length, 2, inject);
    t.equal(reports, 0, inject);
    t.notOk(failed, inject);
  }
});

/** Three small documents, one after another. */
t.test('an error of a segment is the end of the spool', traced, async (t) => {
  for (const [inject, good] of [
    ['pwritev:error=EIO:when=1', 0],
    ['pwritev:error=EIO:when=3', 2],
    ['fdatasync:error=EIO:when=1', 0],
    ['fdatasync:error=EIO:when=2', 1],
    ['fdatasync:error=EROFS:when=3', 2],
  ] as const) {
    const said = await run(t, inject, 10_240);
    t.strictSame(said.ended, ['acknowledged', 'acknowledged', 'acknowledged'].fill('spool-failed', good), inject);
    t.equal(said.reports, 1, inject);
    t.ok(said.failed, inject);
    t.equal(said.left.length, good > 0 ? 1 : 0, inject);
  }
  let struck = 0;
  for (let which = 1; which <= 12; which += 1) {
    const { opened, ended, left } = await run(t, `fsync:error=EIO:when=${which}`, 10_240);
    if (!opened || ended.includes('acknowledged')) continue;
    struck += 1;
    t.strictSame(ended, Array(3).fill('spool-failed'));
    t.strictSame(left, [], 'a segment whose name is not durable is gone');
  }
  t.equal(struck, 1, 'the sync of the directory after the segment was created');
});

t.test('a full disk refuses what was to be appended, and a new segment is begun', traced, async (t) => {
  for (const [inject, segments] of [
    ['pwritev:error=ENOSPC:when=1', 1],
    ['pwritev:error=ENOSPC:when=2', 2],
    ['fdatasync:error=EDQUOT:when=1', 1],
    ['fdatasync:error=ENOSPC:when=3', 1],
  ] as const) {
    const { ended, reports, failed, left } = await run(t, inject, 10_240);
    const refused = Number(inject.at(-1)) - 1;
    t.strictSame(
      ended,
      ended.map((_, index) => (index === refused ? 'spool-full' : 'acknowledged')),
      inject,
    );
    t.equal(left.length, segments, inject);
    t.equal(reports, 0, inject);
    t.notOk(failed, inject);
  }
});
