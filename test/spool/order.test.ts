// The order of the system calls of one upload, seen from outside (R2, R3): only that shows that a sync really happens, and when.

import { execFileSync, spawnSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Test } from 'tap';
import t from 'tap';
import { temporaryDirectory } from '../support/temporary.js';

const hasStrace = spawnSync('strace', ['-V']).status === 0;
const built = path.resolve(import.meta.dirname, '../../lib');
const load = (file: string): string => JSON.stringify(pathToFileURL(path.join(built, file)).href);

/** Receives one document per size and writes a line to file descriptor 1 before and after each. */
const program = (directory: string, sizes: readonly number[]): string => `
  import { writeSync } from 'node:fs';
  import { Spool } from ${load('spool/spool.js')};
  import { systemClock } from ${load('platform/clock.js')};
  import { silentLog } from ${load('platform/log.js')};
  const spool = await Spool.open({
    directory: ${JSON.stringify(directory)},
    limits: { reserveBytes: 0, maxDocumentBytes: 1e9 },
    clock: systemClock,
    log: silentLog,
  });
  await spool.openEpoch('sales', 1);
  for (const size of ${JSON.stringify(sizes)}) {
    writeSync(1, 'begin\\n');
    async function* source() {
      for (let left = size; left > 0; left -= 65536) yield Buffer.alloc(Math.min(left, 65536), 1);
    }
    await spool.receive({ group: 'sales', epoch: 1, job: size, number: 1 }, source());
    writeSync(1, 'acknowledged\\n');
  }
  await spool.close();
`;

interface Call {
  readonly name: string;
  readonly text: string;
}

/** Calls in the order in which they returned; each line of the trace of a finished call holds its whole text. */
const callsOf = (trace: string): Call[] => {
  const unfinished = new Map<string, string>();
  const calls: Call[] = [];
  for (const line of trace.split('\n')) {
    const [, pid = '', rest = ''] = /^(\d+)\s+(.*)$/.exec(line) ?? [];
    const begun = /^(.*) <unfinished \.\.\.>$/.exec(rest)?.[1];
    if (begun !== undefined) {
      unfinished.set(pid, begun);
      continue;
    }
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(rest)?.[1];
    const text = resumed === undefined ? rest : `${unfinished.get(pid) ?? ''}${resumed}`;
    const name = /^(\w+)\(/.exec(text)?.[1];
    if (name !== undefined) calls.push({ name, text });
  }
  return calls;
};

const traced = { skip: hasStrace ? false : 'strace is not installed' };
const epoch = '/state/documents/sales/1';

/** For each size the calls between `begin` and `acknowledged` that touch the epoch's directory. */
const traceUploads = async (t: Test, sizes: readonly number[]): Promise<readonly (readonly Call[])[]> => {
  const directory = await temporaryDirectory(t);
  const script = path.join(directory, 'receive.mjs');
  const trace = path.join(directory, 'trace');
  await writeFile(script, program(path.join(directory, 'state'), sizes));
  execFileSync('strace', [
    '-f',
    '-y',
    '-s',
    '16',
    '-e',
    'trace=openat,write,pwrite64,pwritev,fsync,fdatasync,close,rename,unlink',
    '-o',
    trace,
    process.execPath,
    script,
  ]);
  const uploads: Call[][] = [];
  let mine: Call[] | undefined;
  for (const call of callsOf(await readFile(trace, 'utf8'))) {
    const isMark = (mark: string): boolean => call.text.startsWith('write(1') && call.text.includes(`"${mark}\\n"`);
    if (isMark('begin')) mine = [];
    else if (mine === undefined) continue;
    else if (call.text.includes(epoch)) mine.push(call);
    else if (isMark('acknowledged')) {
      uploads.push(mine);
      mine = undefined;
    }
  }
  return uploads;
};

t.test(
  'a document with a file of its own is created, written, synced, renamed, its directory synced, then acknowledged',
  traced,
  async (t) => {
    const sizes = [70_000, 300_000, 20 << 20];
    const uploads = await traceUploads(t, sizes);
    t.equal(uploads.length, sizes.length);
    for (const [index, size] of sizes.entries()) {
      const mine = uploads[index] ?? [];
      const steps = mine.map(({ name, text }) => `${name} ${text.includes('.part') ? 'part' : 'directory'}`);
      const writes = steps.filter((step) => step === 'write part').length;
      t.equal(
        steps.filter((step) => step === 'fdatasync part').length,
        Math.floor(size / (8 << 20)),
        `${size}: fdatasync`,
      );
      t.strictSame(
        steps.filter((step) => step !== 'write part' && step !== 'fdatasync part'),
        ['openat part', 'fsync part', 'close part', 'rename part', 'fsync directory'],
        `${size}: order`,
      );
      t.ok(steps.lastIndexOf('write part') < steps.indexOf('fsync part'), `${size}: nothing is written after the sync`);
      t.ok(writes <= Math.ceil(size / 65_536), `${size}: ${writes} writes`);
      t.match(mine[0]?.text, /O_WRONLY\|O_CREAT\|O_EXCL\|O_NOFOLLOW\|O_CLOEXEC, 0600\)/, `${size}: how it is created`);
    }
  },
);

t.test(
  'a segment’s name is durable before it is written; each entry is written and synced before it is acknowledged',
  traced,
  async (t) => {
    const uploads = await traceUploads(t, [0, 10_240, 65_536]);
    const steps = uploads.map((mine) =>
      mine.map(({ name, text }) => `${name} ${/segment\.[0-9a-f]{16}/.test(text) ? 'segment' : 'directory'}`),
    );
    t.strictSame(steps, [
      ['openat segment', 'fsync directory', 'pwrite64 segment', 'fdatasync segment'],
      ['pwritev segment', 'fdatasync segment'],
      ['pwritev segment', 'fdatasync segment'],
    ]);
    t.match(uploads[0]?.[0]?.text, /O_WRONLY\|O_CREAT\|O_EXCL\|O_NOFOLLOW\|O_CLOEXEC, 0600\)/);
  },
);
