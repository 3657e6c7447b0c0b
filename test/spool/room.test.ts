// A full disk, on a small file system of its own: only root can mount one.

import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { rm, statfs, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Test } from 'tap';
import t from 'tap';
import { Room } from '../../lib/spool/room.js';
import { FakeClock } from '../support/fake-clock.js';
import { chunked, filesBelow, gather, key, MiB, octets, openDescriptors, openSpool } from '../support/spool.js';
import { temporaryDirectory } from '../support/temporary.js';

const mount = async (t: Test, options: string): Promise<string> => {
  const directory = path.join(await temporaryDirectory(t), 'small');
  mkdirSync(directory);
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', directory]);
  t.teardown(() => {
    execFileSync('umount', ['-l', directory]);
  });
  return directory;
};

const canMount = (): boolean => {
  if (process.getuid?.() !== 0) return false;
  try {
    execFileSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};
const mountOptions = { skip: canMount() ? false : 'mounting a small file system needs root' };

const limits = { reserveBytes: 2 * MiB, maxDocumentBytes: 100 * MiB };

t.test('room is what is free, less what is promised, less the reserve', async (t) => {
  const directory = await temporaryDirectory(t);
  const { bavail, bsize } = await statfs(directory);
  const free = bavail * bsize;
  const clock = new FakeClock();
  // Others use this disk too: half of it is a margin that they do not eat meanwhile.
  const room = new Room({ directory, reserveBytes: free / 2, clock });
  await room.check(free / 4);
  await t.rejects(room.check(free), { code: 'spool-full' });
  const promised = await room.promise(free / 4);
  await t.rejects(room.promise(free / 3), { code: 'spool-full' });
  await promised.grow(free / 4);
  await t.rejects(room.check(free / 3), { code: 'spool-full' }, 'what was written counts until the next look');
  await clock.advance(1_000);
  await room.check(free / 3);
  const second = await room.promise(free / 3);
  await t.rejects(room.check(free / 3), { code: 'spool-full' });
  second.release();
  second.release();
  await room.check(free / 3);
});

t.test(
  'a full disk refuses before the body, frees what it took, and goes on when there is room',
  mountOptions,
  async (t) => {
    const directory = await mount(t, 'size=8m');
    const { spool } = await openSpool(t, { directory, limits, clock: new FakeClock() });
    await spool.admit(5 * MiB);
    await t.rejects(spool.admit(7 * MiB), { code: 'spool-full' });
    await t.rejects(spool.admit(101 * MiB), { code: 'document-too-large' });
    let asked = false;
    const source = (async function* () {
      asked = true;
      yield octets(1);
    })();
    await t.rejects(spool.receive(key, source, { expectedBytes: 7 * MiB }), { code: 'spool-full' });
    t.notOk(asked, 'no octet of the body was read');
    const document = await spool.receive(key, chunked(octets(3 * MiB), 65_536), { expectedBytes: 3 * MiB });
    await t.rejects(spool.admit(4 * MiB), { code: 'spool-full' });
    await spool.admit(2 * MiB);
    t.equal((await gather(spool.read('sales', document))).byteLength, 3 * MiB, 'what is there can be read');
    t.notOk(spool.failed);
  },
);

t.test('an upload of unknown length is cut off at the reserve', mountOptions, async (t) => {
  const directory = await mount(t, 'size=8m');
  const { spool } = await openSpool(t, { directory, limits, clock: new FakeClock() });
  await t.rejects(spool.receive(key, chunked(octets(20 * MiB), 65_536)), { code: 'spool-full' });
  t.strictSame(await filesBelow(directory), []);
  const { bavail, bsize } = await statfs(directory);
  t.ok(bavail * bsize > 7 * MiB);
});

t.test('promises to uploads in flight are kept', mountOptions, async (t) => {
  const directory = await mount(t, 'size=16m');
  const { spool } = await openSpool(t, { directory, limits, clock: new FakeClock() });
  let release: () => void = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  let begun: () => void = () => {};
  const started = new Promise<void>((resolve) => {
    begun = resolve;
  });
  async function* slow(): AsyncGenerator<Uint8Array> {
    begun();
    yield octets(MiB);
    await held;
    yield* chunked(octets(9 * MiB), 65_536);
  }
  const receiving = spool.receive(key, slow(), { expectedBytes: 10 * MiB });
  await started;
  await t.rejects(spool.admit(8 * MiB), { code: 'spool-full' }, 'the room is promised');
  await spool.admit(3 * MiB);
  release();
  t.equal((await receiving).length, 10 * MiB);
});

t.test('a disk that others filled is full, not broken', mountOptions, async (t) => {
  const directory = await mount(t, 'size=8m');
  const failures: unknown[] = [];
  const options = { directory, limits: { ...limits, reserveBytes: 0 }, clock: new FakeClock() };
  const { spool } = await openSpool(t, { ...options, onFailure: (error) => failures.push(error) });
  await spool.admit(MiB);
  const idle = await openDescriptors(directory);
  const filler = path.join(directory, 'filler');
  await t.rejects(writeFile(filler, octets(9 * MiB)), { code: 'ENOSPC' });
  for (const size of [10_000, 3 * MiB]) {
    await t.rejects(spool.receive(key, chunked(octets(size), 65_536)), {
      code: 'spool-full',
      cause: { code: 'ENOSPC' },
    });
    t.strictSame(await filesBelow(path.join(directory, 'documents')), []);
  }
  t.strictSame(await openDescriptors(directory), idle);
  t.strictSame(failures, []);
  await rm(filler);
  await spool.receive(key, chunked(octets(10_000), 10_000));
});

t.test('a disk without inodes is full', mountOptions, async (t) => {
  const directory = await mount(t, 'size=8m,nr_inodes=60');
  const { spool } = await openSpool(t, { directory, limits, clock: new FakeClock() });
  await t.rejects(spool.admit(1), { code: 'spool-full' });
  await t.rejects(spool.receive(key, chunked(octets(1), 1)), { code: 'spool-full' });
});
