import { chmod, mkdir, readFile, rename, symlink, truncate, unlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import t from 'tap';
import { chunked, gather, key, MiB, octets, openDescriptors, openSpool } from '../support/spool.js';

t.test('a damaged document is found out, and a small one gives out nothing', async (t) => {
  const { spool, directory } = await openSpool(t);
  const idle = await openDescriptors(directory);
  const content = octets(100_000);
  const damages: [string, 'missing' | 'damaged', (file: string) => Promise<void>][] = [
    ['removed', 'missing', (file) => unlink(file)],
    ['cut short', 'damaged', (file) => truncate(file, 99_999)],
    ['emptied', 'damaged', (file) => truncate(file, 0)],
    ['grown', 'damaged', (file) => writeFile(file, 'x', { flag: 'a' })],
    ['one bit turned', 'damaged', (file) => writeFile(file, turned(content, 50_000))],
    ['last bit turned', 'damaged', (file) => writeFile(file, turned(content, 99_999))],
    [
      'replaced by a link',
      'damaged',
      async (file) => {
        await rename(file, `${file}x`);
        await symlink(`${file}x`, file);
      },
    ],
    [
      'replaced by a directory',
      'damaged',
      async (file) => {
        await unlink(file);
        await mkdir(file);
      },
    ],
  ];
  for (const [name, verdict, damage] of damages) {
    const document = await spool.receive(key, chunked(content, 4_096));
    await damage(path.join(directory, 'documents', 'sales', '1', document.file));
    t.equal(await spool.verify('sales', document), verdict, name);
    const given: Uint8Array[] = [];
    const reading = (async () => {
      for await (const chunk of spool.read('sales', document)) given.push(chunk);
    })();
    await t.rejects(reading, { code: 'document-damaged' }, name);
    t.equal(given.length, 0, `${name}: nothing given out`);
  }
  t.strictSame(await openDescriptors(directory), idle);
  t.notOk(spool.failed, 'a damaged document is not the end of the spool');
});

const turned = (content: Buffer, at: number): Buffer => {
  const copy = Buffer.from(content);
  copy.writeUInt8(copy.readUInt8(at) ^ 1, at);
  return copy;
};

t.test('a large damaged document never gives out its last chunk', async (t) => {
  const { spool, directory } = await openSpool(t);
  const content = octets(MiB);
  const document = await spool.receive(key, chunked(content, 65_536));
  const file = path.join(directory, 'documents', 'sales', '1', document.file);
  await writeFile(file, turned(await readFile(file), 1));
  let given = 0;
  const reading = (async () => {
    for await (const chunk of spool.read('sales', document)) given += chunk.byteLength;
  })();
  await t.rejects(reading, { code: 'document-damaged' });
  t.ok(given > 0 && given < MiB);
});

t.test('chunks are the reader’s own', async (t) => {
  const { spool } = await openSpool(t);
  const content = octets(500_000);
  const document = await spool.receive(key, chunked(content, 65_536));
  const chunks: Uint8Array[] = [];
  for await (const chunk of spool.read('sales', document)) {
    chunks.push(Uint8Array.from(chunk));
    chunk.fill(0);
  }
  t.ok(Buffer.concat(chunks).equals(content));
  t.ok((await gather(spool.read('sales', document))).equals(content));
});

t.test('a reader that stops early, or throws, leaves no descriptor open', async (t) => {
  const { spool, directory } = await openSpool(t);
  const document = await spool.receive(key, chunked(octets(MiB), 65_536));
  const idle = await openDescriptors(directory);
  for await (const _ of spool.read('sales', document)) break;
  const throwing = (async () => {
    for await (const _ of spool.read('sales', document)) throw new Error('the printer is gone');
  })();
  await t.rejects(throwing, /printer is gone/);
  t.strictSame(await openDescriptors(directory), idle);
});

t.test('removing is idempotent and keeps the figures', async (t) => {
  const { spool } = await openSpool(t);
  const one = await spool.receive(key, chunked(octets(100_000), 100));
  const two = await spool.receive(key, chunked(octets(70_000), 30));
  t.match(spool.usage(), { bytes: 170_000, documents: 2 });
  await spool.remove('sales', one);
  await spool.remove('sales', one);
  t.match(spool.usage(), { bytes: 70_000, documents: 1 });
  t.equal(await spool.verify('sales', one), 'missing');
  t.ok(await spool.quarantine('sales', two));
  t.notOk(await spool.quarantine('sales', two));
  t.match(spool.usage(), { bytes: 0, documents: 0 });
});

t.test('what was there at the start is counted in the background', async (t) => {
  const first = await openSpool(t);
  await first.spool.openEpoch('other', 4);
  for (let job = 0; job < 20; job += 1) await first.spool.receive({ ...key, job }, chunked(octets(10), 10));
  await first.spool.receive({ ...key, group: 'other', epoch: 4 }, chunked(octets(5), 5));
  await writeFile(path.join(first.directory, 'documents', 'sales', '1', `9.9.${'0'.repeat(16)}.part`), 'unfinished');
  await writeFile(path.join(first.directory, 'documents', 'sales', 'notes'), 'not ours');
  await chmod(path.join(first.directory, 'documents', 'sales', 'notes'), 0o600);
  const { spool } = await openSpool(t, { directory: first.directory });
  const early = await spool.receive(key, chunked(octets(1_000), 1_000));
  while (!spool.usage().complete) await new Promise((resolve) => setImmediate(resolve));
  t.strictSame(spool.usage(), { bytes: 1_205, documents: 22, complete: true });
  await spool.remove('sales', early);
  t.strictSame(spool.usage(), { bytes: 205, documents: 21, complete: true });
});
