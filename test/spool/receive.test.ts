import { open, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import t from 'tap';
import { PlatenError } from '../../lib/errors.js';
import {
  chunked,
  filesBelow,
  gather,
  key,
  MiB,
  octets,
  openDescriptors,
  openSpool,
  sha256,
  walk,
} from '../support/spool.js';

t.test('documents of every size come back as they were', async (t) => {
  const { spool, directory } = await openSpool(t);
  const sizes: [number, number][] = [
    [0, 1],
    [1, 1],
    [10_240, 10_240],
    [10_240, 7],
    [65_536, 65_536],
    [65_537, 65_537],
    [262_144, 1_000],
    [262_145, 131_072],
    [MiB, MiB],
    [20 * MiB, 65_536],
    [20 * MiB + 1, 3 * MiB],
  ];
  let bytes = 0;
  for (const [size, chunk] of sizes) {
    const content = octets(size);
    const name = `${size} octets in chunks of ${chunk}`;
    const isSmall = size <= 65_536;
    const received = await spool.receive(key, chunked(content, chunk), { expectedBytes: size });
    t.match(
      received,
      {
        epoch: 1,
        length: size,
        sha256: sha256(content),
        file: isSmall ? /^segment\.[0-9a-f]{16}@\d+$/ : /^7\.1\.[0-9a-f]{16}$/,
      },
      name,
    );
    t.ok((await gather(spool.read('sales', received))).equals(content), `${name}: read`);
    t.equal(await spool.verify('sales', received), 'intact', name);
    bytes += size;
    if (isSmall) continue;
    const file = path.join(directory, 'documents', 'sales', '1', received.file);
    t.ok((await readFile(file)).equals(content), `${name}: on disk`);
  }
  t.match(spool.usage(), { bytes, documents: sizes.length });
});

t.test('a chunk that is empty, or none at all, makes no difference', async (t) => {
  const { spool } = await openSpool(t);
  async function* source(): AsyncGenerator<Uint8Array> {
    yield Buffer.alloc(0);
    yield Buffer.from('ab');
    yield Buffer.alloc(0);
    yield Buffer.from('c');
  }
  const received = await spool.receive(key, source());
  t.equal((await gather(spool.read('sales', received))).toString(), 'abc');
});

t.test('directories are 0700, files 0600, and nothing else is there', async (t) => {
  const { spool, directory } = await openSpool(t);
  await spool.openEpoch('other.group', 12);
  const before = process.umask(0);
  t.teardown(() => process.umask(before));
  for (let job = 1; job <= 5; job += 1) await spool.receive({ ...key, job }, chunked(octets(30_000 * job), 10_000));
  const found = await walk(directory);
  t.equal(found.filter(({ kind }) => kind === 'file').length, 4, 'a segment and three files');
  for (const { name, kind, mode } of found) t.equal(mode, kind === 'directory' ? 0o700 : 0o600, name);
  t.notOk(found.some(({ kind }) => kind === 'other'));
});

t.test('parallel uploads do not mix', async (t) => {
  const { spool } = await openSpool(t);
  await Promise.all(
    Array.from({ length: 100 }, async (_, job) => {
      const content = octets(2_000 + job * 3_000).map((octet) => octet ^ job);
      const received = await spool.receive({ ...key, job }, chunked(content, 999 + job * 777));
      t.ok((await gather(spool.read('sales', received))).equals(content), `job ${job}`);
    }),
  );
});

t.test('a group that is no name never reaches a path', async (t) => {
  const { spool, directory } = await openSpool(t);
  for (const group of ['..', '.', '', 'a/b', '../sales', 'a\0b', 'ü', 'x'.repeat(128)])
    await t.rejects(spool.openEpoch(group, 1), RangeError, JSON.stringify(group));
  for (const epoch of [-1, 1.5, Number.NaN, 2 ** 60]) await t.rejects(spool.openEpoch('sales', epoch), RangeError);
  await t.rejects(spool.receive({ ...key, job: -1 }, chunked(octets(1), 1)), RangeError);
  await t.rejects(spool.receive({ ...key, epoch: 2 }, chunked(octets(1), 1)), /epoch 2 of sales is not open/);
  const document = { epoch: 1, file: '../../../etc/passwd', length: 1, sha256: '' };
  t.throws(() => spool.read('sales', document), RangeError);
  await t.rejects(spool.remove('sales', document), RangeError);
  t.strictSame(await filesBelow(directory), []);
});

t.test('what does not arrive whole leaves nothing', async (t) => {
  const { spool, directory } = await openSpool(t, { limits: { reserveBytes: MiB, maxDocumentBytes: 2 * MiB } });
  const idle = await openDescriptors(directory);
  const gone = new Error('the client went away');
  const failing = async function* (after: number): AsyncGenerator<Uint8Array> {
    yield* chunked(octets(after), 50_000);
    throw gone;
  };
  const cases: [string, () => Promise<unknown>, object][] = [
    ['the source fails at once', () => spool.receive(key, failing(0)), gone],
    ['the source fails after a small chunk', () => spool.receive(key, failing(10)), gone],
    ['the source fails after much', () => spool.receive(key, failing(MiB)), gone],
    [
      'shorter than announced',
      () => spool.receive(key, chunked(octets(99), 10), { expectedBytes: 100 }),
      { code: 'document-incomplete' },
    ],
    [
      'empty, though announced',
      () => spool.receive(key, chunked(octets(0), 10), { expectedBytes: 1 }),
      { code: 'document-incomplete' },
    ],
    [
      'longer than announced',
      () => spool.receive(key, chunked(octets(101), 10), { expectedBytes: 100 }),
      { code: 'document-incomplete' },
    ],
    [
      'announced too large',
      () => spool.receive(key, chunked(octets(1), 1), { expectedBytes: 2 * MiB + 1 }),
      { code: 'document-too-large' },
    ],
    ['grown too large', () => spool.receive(key, chunked(octets(3 * MiB), 65_536)), { code: 'document-too-large' }],
  ];
  for (const [name, action, error] of cases) {
    await t.rejects(action(), error as Error, name);
    t.strictSame(await filesBelow(directory), [], name);
    t.strictSame(await openDescriptors(directory), idle, `${name}: descriptors`);
  }
  t.match(spool.usage(), { bytes: 0, documents: 0 });
  t.notOk(spool.failed, 'the spool goes on');
  await spool.receive(key, chunked(octets(5), 5));
});

t.test('an error of the source that looks like one of the disk is not taken for one', async (t) => {
  const { spool } = await openSpool(t);
  const reset = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET', syscall: 'read', errno: -104 });
  // eslint-disable-next-line require-yield
  const source = (async function* (): AsyncGenerator<Uint8Array> {
    yield octets(3);
    throw reset;
  })();
  await t.rejects(spool.receive(key, source), reset);
  t.notOk(spool.failed);
});

t.test('an abort leaves nothing, whenever it comes', async (t) => {
  const { spool, directory } = await openSpool(t);
  const idle = await openDescriptors(directory);
  const reason = new Error('enough');
  await t.rejects(spool.receive(key, chunked(octets(10), 5), { signal: AbortSignal.abort(reason) }), reason, 'before');

  // After so many turns of the event loop: during the opening, the writes, the fsync, the rename, the fsync of the directory.
  let kept = 0;
  for (let turns = 0; turns < 40; turns += 1) {
    const stop = new AbortController();
    const receiving = spool.receive(key, chunked(octets(600_000), 100_000), { signal: stop.signal });
    const ended = receiving.then(
      (document) => document,
      (error: unknown) => error,
    );
    for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    stop.abort(reason);
    const result = await ended;
    if (result === reason) continue;
    t.notOk(result instanceof Error, `after ${turns} turns: ${String(result)}`);
    kept += 1;
  }
  t.equal((await filesBelow(directory)).length, kept, 'what was not acknowledged is not there');
  t.ok(kept < 40);
  t.strictSame(await openDescriptors(directory), idle);
});

t.test('an abort ends an upload whose source keeps silent', async (t) => {
  const { spool, directory } = await openSpool(t);
  const stop = new AbortController();
  let asked = 0;
  const silent = {
    [Symbol.asyncIterator]: () => ({
      next: (): Promise<IteratorResult<Uint8Array>> => {
        asked += 1;
        if (asked === 1) return Promise.resolve({ done: false, value: octets(300_000) });
        setImmediate(() => stop.abort(new Error('time is up')));
        return new Promise(() => {});
      },
    }),
  };
  await t.rejects(spool.receive(key, silent, { signal: stop.signal }), /time is up/);
  t.strictSame(await filesBelow(directory), []);
});

t.test('a source is not read ahead of the disk, and memory stays bounded for 512 MiB', async (t) => {
  const { spool } = await openSpool(t);
  const total = 512 * MiB;
  const chunk = octets(65_536);
  let given = 0;
  let highest = 0;
  async function* source(): AsyncGenerator<Uint8Array> {
    for (; given < total; given += chunk.byteLength) {
      if (given % (8 * MiB) === 0) highest = Math.max(highest, process.memoryUsage.rss());
      yield Buffer.from(chunk);
    }
  }
  await spool.receive({ ...key, job: 1 }, chunked(octets(20 * MiB), 65_536));
  const before = process.memoryUsage.rss();
  const started = performance.now();
  const received = await spool.receive(key, source(), { expectedBytes: total });
  const seconds = (performance.now() - started) / 1000;
  t.equal(received.length, total);
  const grown = (highest - before) / MiB;
  t.comment(`${Math.round(512 / seconds)} MiB/s; resident memory grew by ${Math.round(grown)} MiB`);
  t.ok(grown < 64, `resident memory grew by ${grown} MiB`);
});

t.test('names are never used twice', async (t) => {
  const { spool, directory } = await openSpool(t);
  const names = new Set<string>();
  for (let i = 0; i < 50; i += 1)
    names.add((await spool.receive(key, chunked(octets(i % 2 === 0 ? 1 : 70_000), 70_000))).file);
  t.equal(names.size, 50);
  t.equal((await filesBelow(directory)).length, 26, 'a segment and 25 files');
});

t.test('a directory that cannot be written fails the spool, once and for good', async (t) => {
  const failures: PlatenError[] = [];
  const { spool, directory } = await openSpool(t, { onFailure: (error) => failures.push(error) });
  const { rm } = await import('node:fs/promises');
  await rm(path.join(directory, 'documents'), { recursive: true });
  for (let i = 0; i < 2; i += 1)
    await t.rejects(spool.receive(key, chunked(octets(1), 1)), { code: 'spool-failed', kind: { retriable: false } });
  await t.rejects(spool.admit(1), { code: 'spool-failed' });
  t.equal(failures.length, 1);
  t.ok(spool.failed);
});

t.test('the epoch directory stays usable for uploads that began before the next epoch was opened', async (t) => {
  const { spool, directory } = await openSpool(t);
  let release: () => void = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  async function* slow(): AsyncGenerator<Uint8Array> {
    yield octets(50_000);
    await held;
    yield octets(50_000);
  }
  const receiving = spool.receive(key, slow());
  await spool.openEpoch('sales', 2);
  release();
  t.equal((await receiving).epoch, 1);
  t.equal((await spool.receive({ ...key, epoch: 2 }, chunked(octets(70_000), 70_000))).epoch, 2);
  t.strictSame(await openDescriptors(directory), [path.join(directory, 'documents', 'sales', '2')]);
});

t.test('a file is on disk under its final name when receive resolves', async (t) => {
  const { spool, directory } = await openSpool(t);
  const { file } = await spool.receive(key, chunked(octets(70_000), 70_000));
  const handle = await open(path.join(directory, 'documents', 'sales', '1', file));
  await handle.close();
  t.equal((await stat(path.join(directory, 'documents', 'sales', '1', file))).size, 70_000);
});
