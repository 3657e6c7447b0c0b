// The order of the system calls of one upload, seen from outside (R2, R3): only that shows that a sync really happens, and when.

import { execFileSync, spawnSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
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

t.test(
  'an upload is created, written, synced, renamed, its directory synced, then acknowledged',
  {
    skip: hasStrace ? false : 'strace is not installed',
  },
  async (t) => {
    const directory = await temporaryDirectory(t);
    const script = path.join(directory, 'receive.mjs');
    const trace = path.join(directory, 'trace');
    const sizes = [0, 10_240, 300_000, 20 << 20];
    await writeFile(script, program(path.join(directory, 'state'), sizes));
    execFileSync('strace', [
      '-f',
      '-y',
      '-s',
      '16',
      '-e',
      'trace=openat,write,pwrite64,fsync,fdatasync,close,rename,unlink',
      '-o',
      trace,
      process.execPath,
      script,
    ]);
    const calls = callsOf(await readFile(trace, 'utf8'));
    const isMark = (call: Call, mark: string): boolean =>
      call.name === 'write' && call.text.startsWith('write(1') && call.text.includes(`"${mark}\\n"`);
    for (const [index, size] of sizes.entries()) {
      const begin = calls.findIndex((call, at) => isMark(call, 'begin') && countBefore(calls, at) === index);
      const end = calls.findIndex((call, at) => at > begin && isMark(call, 'acknowledged'));
      const epoch = '/state/documents/sales/1';
      const mine = calls.slice(begin + 1, end).filter(({ text }) => text.includes(epoch));
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

    function countBefore(all: readonly Call[], at: number): number {
      return all.slice(0, at).filter((call) => isMark(call, 'begin')).length;
    }
  },
);
