// A store whose process is killed, whose file is cut off, half written or scribbled on (R10): absent or intact, or a clear error, never a crash.

import { spawn, spawnSync } from 'node:child_process';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import type { Test } from 'tap';
import t from 'tap';
import { silentLog } from '../../../lib/platform/log.js';
import { openEmbeddedStore } from '../../../lib/store/embedded/embedded-store.js';
import { temporaryDirectory } from '../../support/temporary.js';

const built = path.resolve(import.meta.dirname, '../../../lib');
const load = (file: string): string => JSON.stringify(pathToFileURL(path.join(built, file)).href);

const prelude = `
  import { writeSync } from 'node:fs';
  import { openEmbeddedStore } from ${load('store/embedded/embedded-store.js')};
  import { silentLog } from ${load('platform/log.js')};
`;

/** Commits pairs of keys from many sides and says each acknowledged one on standard output; runs until it is killed. */
const writer = (directory: string, round: number): string => `${prelude}
  const store = await openEmbeddedStore({ directory: ${JSON.stringify(directory)}, log: silentLog });
  const side = async (n) => {
    for (let i = 0; ; i += 1) {
      const name = '${round}-' + n + '-' + i;
      const value = { name, text: 'x'.repeat((i * 137) % 5000) };
      const result = await store.txn([{ key: '/a/' + name, revision: 0 }], [
        { put: '/a/' + name, value }, { put: '/b/' + name, value }, { put: '/last/' + n, value: i },
      ]);
      if (result.outcome === 'committed') writeSync(1, name + ' ' + result.revision + '\\n');
    }
  };
  await Promise.all(Array.from({ length: 16 }, (_, n) => side(n)));
`;

/** Runs the writer, kills it after `count` acknowledgements; what it acknowledged, with the revision. */
const killUnderLoad = async (directory: string, round: number, count: number): Promise<Map<string, number>> => {
  const child = spawn(process.execPath, ['--input-type=module', '-e', writer(directory, round)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const acknowledged = new Map<string, number>();
  for await (const line of createInterface({ input: child.stdout })) {
    const [name = '', revision] = line.split(' ');
    acknowledged.set(name, Number(revision));
    if (acknowledged.size === count) child.kill('SIGKILL');
  }
  return acknowledged;
};

t.test('a process killed under load loses nothing that it acknowledged, and leaves no half transaction', async (t) => {
  const directory = path.join(await temporaryDirectory(t), 'store');
  const acknowledged = new Map<string, number>();
  let revision = 0;
  for (let round = 0; round < 5; round += 1) {
    for (const [name, at] of await killUnderLoad(directory, round, 150 + round * 211)) acknowledged.set(name, at);
    const store = await openEmbeddedStore({ directory, log: silentLog });
    const found = { a: new Map<string, number>(), b: new Map<string, number>() };
    for (const side of ['a', 'b'] as const) {
      const range = await store.range(`/${side}/`, { limit: 1_000_000 });
      for (const { key, revision } of range.entries) found[side].set(key.slice(3), revision);
      t.ok(range.revision > revision, 'revisions go on');
      t.ok(
        range.entries.every((entry) => entry.revision <= range.revision),
        'no entry is newer than the store',
      );
      if (side === 'b') revision = range.revision;
    }
    const lost = [...acknowledged].filter(([name, at]) => found.a.get(name) !== at);
    t.strictSame(lost, [], `round ${round}: none of ${acknowledged.size} acknowledged is lost`);
    t.strictSame(found.a, found.b, `round ${round}: both halves or none`);
    await store.close();
  }
});

/** A store with two states of its file: before and after its last transactions. */
const twoStates = async (t: Test) => {
  const root = await temporaryDirectory(t);
  const directory = path.join(root, 'store');
  const store = await openEmbeddedStore({ directory, log: silentLog });
  for (let i = 0; i < 60; i += 1)
    await store.txn([], [{ put: `/k/${i}`, value: { i, text: 'x'.repeat((i * 997) % 6_000) } }]);
  const before = await readFile(path.join(directory, 'data.mdb'));
  await store.txn(
    [],
    Array.from({ length: 20 }, (_, i) => ({ put: `/k/new-${i}`, value: { i, text: 'y'.repeat(i * 400) } })),
  );
  await store.close();
  const after = await readFile(path.join(directory, 'data.mdb'));
  return { root, before, after };
};

/** Opens each directory in one other process, reads everything, writes once; one JSON line per directory. */
const judge = (
  directories: readonly string[],
): { name: string; verdict: string; keys: number; rewritten: boolean }[] => {
  const script = `${prelude}
    const one = async (directory) => {
      const answer = { name: directory, verdict: 'intact', keys: 0, rewritten: false };
      let store;
      try {
        store = await openEmbeddedStore({ directory, log: silentLog });
        const { entries } = await store.range('', { limit: 100000 });
        answer.keys = entries.length;
        const wrong = entries.filter(({ value }) => typeof value.i !== 'number' || !/^[xy]*$/.test(value.text));
        if (wrong.length > 0) answer.verdict = 'wrong';
        const result = await store.txn([], [{ put: '/k/again', value: { i: 1, text: '' } }]);
        answer.rewritten = result.outcome === 'committed';
      } catch (error) {
        answer.verdict = error.code === 'store-unreachable' ? 'refused' : 'error: ' + error;
      }
      await store?.close();
      writeSync(1, JSON.stringify(answer) + '\\n');
    };
    for (const directory of ${JSON.stringify(directories)}) await one(directory);
  `;
  const { stdout, status, signal } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
    maxBuffer: 64 << 20,
  });
  const answers = stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as ReturnType<typeof judge>[number]);
  if (status === 0) return answers;
  const next = directories[answers.length] ?? '';
  return [...answers, { name: next, verdict: `crashed: ${signal ?? status}`, keys: 0, rewritten: false }];
};

const plant = async (root: string, states: Iterable<readonly [string, Buffer]>): Promise<string[]> => {
  const directories: string[] = [];
  for (const [name, content] of states) {
    const directory = path.join(root, name);
    await mkdir(directory, { mode: 0o700 });
    await writeFile(path.join(directory, 'data.mdb'), content, { mode: 0o600 });
    directories.push(directory);
  }
  return directories;
};

t.test('a file cut off anywhere is read intact or refused', async (t) => {
  const { root, before, after } = await twoStates(t);
  const lengths = new Set<number>();
  for (let at = 0; at <= after.length; at += 4_096) for (const off of [-1, 0, 1]) lengths.add(at + off);
  for (const at of [1, 100, 160, 4_096 + 100]) lengths.add(at);
  const wanted = [...lengths].filter((length) => length >= 0 && length <= after.length);
  const directories = await plant(
    root,
    wanted.map((length) => [`cut-${length}`, after.subarray(0, length)]),
  );
  const answers = judge(directories);
  t.equal(answers.length, wanted.length, 'no crash');
  for (const [index, { name, verdict, keys }] of answers.entries()) {
    const length = wanted[index];
    if (length === 0) t.equal(keys, 0, 'an empty file is a new store');
    else if (length === after.length) t.match({ verdict, keys }, { verdict: 'intact', keys: 80 }, 'whole');
    else t.match(verdict, /^(?:intact|refused)$/, path.basename(name));
    if (verdict === 'intact' && length !== 0) t.match(keys, 80, `${path.basename(name)}: intact means everything`);
  }
  t.ok(before.length > 0);
});

t.test('a last transaction of which only some pages reached the disk is absent', async (t) => {
  const { root, before, after } = await twoStates(t);
  const pages = Math.ceil(after.length / 4_096);
  const isMeta = (page: number): boolean => page < 2;
  const states: [string, Buffer][] = [];
  // The pages are synced before the meta page that makes them count: without it, any of them may be there or not, or in part.
  for (let seed = 1; seed <= 40; seed += 1) {
    const mixed = Buffer.alloc(after.length);
    before.copy(mixed);
    let random = seed * 2_654_435_761;
    for (let page = 0; page < pages; page += 1) {
      random = (random * 1_103_515_245 + 12_345) & 0x7fffffff;
      const part = [0, 512, 2_048, 4_096][(random >> 16) & 3] ?? 0;
      if (!isMeta(page)) after.copy(mixed, page * 4_096, page * 4_096, page * 4_096 + part);
    }
    states.push([`mixed-${seed}`, mixed]);
  }
  const answers = judge(await plant(root, states));
  t.equal(answers.length, states.length);
  for (const { name, verdict, keys, rewritten } of answers)
    t.strictSame({ verdict, keys, rewritten }, { verdict: 'intact', keys: 60, rewritten: true }, path.basename(name));
});

t.test('what is no store is refused and left as it is', async (t) => {
  const root = await temporaryDirectory(t);
  const contents: [string, Buffer][] = [
    ['text', Buffer.from('this is no store')],
    ['zeros', Buffer.alloc(40_960)],
    ['noise', Buffer.from(Array.from({ length: 40_960 }, (_, i) => (i * i * 31 + 7) & 255))],
  ];
  const directories = await plant(root, contents);
  for (const [index, { verdict }] of judge(directories).entries()) {
    t.equal(verdict, 'refused', contents[index]?.[0] ?? '');
    const content = await readFile(path.join(directories[index] ?? '', 'data.mdb'));
    t.ok(content.equals(contents[index]?.[1] ?? Buffer.alloc(0)), 'left as it is');
  }
});

t.test('a second process on the directory is refused, and let in when the first is killed', async (t) => {
  const directory = path.join(await temporaryDirectory(t), 'store');
  const script = `${prelude}
    await openEmbeddedStore({ directory: ${JSON.stringify(directory)}, log: silentLog });
    writeSync(1, 'open\\n');
    setInterval(() => {}, 1000);
  `;
  const first = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise((resolve) => first.stdout.once('data', resolve));
  await t.rejects(openEmbeddedStore({ directory, log: silentLog }), {
    code: 'store-unreachable',
    message: /is in use by another process/,
  });
  const ended = new Promise((resolve) => first.once('exit', resolve));
  first.kill('SIGKILL');
  await ended;
  const store = await openEmbeddedStore({ directory, log: silentLog });
  await t.rejects(openEmbeddedStore({ directory, log: silentLog }), /is in use/, 'nor twice by one process');
  await store.close();
  await (await openEmbeddedStore({ directory, log: silentLog })).close();
});

const hasStrace = spawnSync('strace', ['-V']).status === 0;

t.test(
  'an error of the disk at a commit is an unknown outcome and the end of the store',
  {
    skip: hasStrace ? false : 'strace is not installed',
  },
  async (t) => {
    const cases = [
      { name: 'fdatasync fails', inject: 'fdatasync:error=EIO:when=6+' },
      { name: 'the disk is full', inject: 'pwrite64,pwritev:error=ENOSPC:when=14+' },
      { name: 'writing fails once only', inject: 'pwrite64,pwritev:error=EIO:when=14' },
    ];
    for (const { name, inject } of cases) {
      const directory = path.join(await temporaryDirectory(t), 'store');
      const script = `${prelude}
      const store = await openEmbeddedStore({ directory: ${JSON.stringify(directory)}, log: silentLog });
      for (let i = 10; i < 40; i += 1) {
        const changes = [{ put: '/a/' + i, value: i }, { put: '/b/' + i, value: 'x'.repeat(5000) }];
        const said = await store.txn([], changes).then((result) => result.outcome, (error) => error.code);
        writeSync(1, i + ' ' + said + '\\n');
      }
      await store.close();
    `;
      const trace = ['-f', '-qq', '-o', '/dev/null', '-e', `trace=${inject.split(':')[0]}`, '-e', `inject=${inject}`];
      const { stdout, status } = spawnSync(
        'strace',
        [...trace, process.execPath, '--input-type=module', '-e', script],
        {
          encoding: 'utf8',
          // One thread makes all commits: strace counts calls per thread.
          env: { ...process.env, UV_THREADPOOL_SIZE: '1' },
        },
      );
      t.equal(status, 0, `${name}: the process lives`);
      const said = stdout
        .trim()
        .split('\n')
        .map((line) => line.split(' '));
      const count = said.findIndex(([, outcome]) => outcome !== 'committed');
      t.ok(count > 0, `${name}: ${count} commits went well`);
      t.equal(said[count]?.[1], 'unknown', name);
      t.ok(
        said.slice(count + 1).every(([, outcome]) => outcome === 'store-unreachable'),
        `${name}: nothing is tried again`,
      );
      const store = await openEmbeddedStore({ directory, log: silentLog });
      const { entries } = await store.range('/');
      const found = [...new Set(entries.map(({ key }) => key.slice(3)))];
      const acknowledged = said.slice(0, count).map(([number]) => number);
      t.strictSame(found.slice(0, count), acknowledged, `${name}: what was acknowledged is there`);
      t.equal(entries.length, found.length * 2, `${name}: both halves or none`);
      t.ok(found.length <= count + 1, name);
      await store.close();
    }
  },
);

t.test('a copy of the directory is a store of its own', async (t) => {
  const root = await temporaryDirectory(t);
  const [one, two] = [path.join(root, 'one'), path.join(root, 'two')];
  const store = await openEmbeddedStore({ directory: one, log: silentLog });
  await store.txn([], [{ put: '/a', value: 1 }]);
  await store.close();
  await cp(one, two, { recursive: true });
  const stores = [
    await openEmbeddedStore({ directory: one, log: silentLog }),
    await openEmbeddedStore({ directory: two, log: silentLog }),
  ];
  for (const each of stores) t.equal((await each.get('/a'))?.value, 1);
  for (const each of stores) await each.close();
  await rm(two, { recursive: true });
});
