// Small documents: appended to the epoch's segment, many with one sync; what a crash, a turned bit or a failing disk makes of it.

import { copyFile, readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Test } from 'tap';
import t from 'tap';
import type { DocumentCopy } from '../../lib/model/document.js';
import { headerBytes, maxEntryBytes, readHeader, writeHeader } from '../../lib/spool/segment-entry.js';
import { segmentEntries } from '../../lib/spool/segment-scan.js';
import type { Spool } from '../../lib/spool/spool.js';
import { FakeClock } from '../support/fake-clock.js';
import { chunked, filesBelow, gather, key, MiB, octets, openDescriptors, openSpool, sha256 } from '../support/spool.js';

const epochOf = (directory: string, epoch = 1): string => path.join(directory, 'documents', 'sales', String(epoch));
const segmentOf = (directory: string, { file, epoch }: DocumentCopy): string =>
  path.join(epochOf(directory, epoch), file.replace(/@\d+$/, ''));
const segmentsIn = async (directory: string, epoch = 1): Promise<string[]> =>
  (await readdir(epochOf(directory, epoch)).catch(() => [])).filter((name) => name.startsWith('segment.'));

const contentOf = (job: number): Buffer => octets(1_000 + 37 * job).map((octet) => octet ^ job) as Buffer;

const receive = (spool: Spool, job: number, content: Buffer = contentOf(job)): Promise<DocumentCopy> =>
  spool.receive({ ...key, job }, chunked(content, 512));

const receiveAll = (spool: Spool, count: number): Promise<DocumentCopy[]> =>
  Promise.all(Array.from({ length: count }, (_, job) => receive(spool, job)));

const nothing = {
  deleted: 0,
  adopted: 0,
  quarantined: 0,
  segments: 0,
  notUnderstood: 0,
  directories: 0,
  expired: 0,
};

/** A sweep after epoch 2 began; the records list `documents`. */
const sweep = async (spool: Spool, documents: readonly DocumentCopy[], asked: number[] = []) => {
  await spool.openEpoch('sales', 2);
  return spool.reclaim({
    group: 'sales',
    currentEpoch: 2,
    findDocument: async (job, { file }) => {
      asked.push(job);
      return documents.find((document) => document.file === file);
    },
    keepOrphansMs: 3_600_000,
    signal: new AbortController().signal,
  });
};

const counted = async (spool: Spool): Promise<void> => {
  while (!spool.usage().complete) await new Promise((resolve) => setImmediate(resolve));
};

/** A second life in the same directory. */
const restart = async (t: Test, directory: string): Promise<Spool> => {
  const spool = (await openSpool(t, { directory })).spool;
  await counted(spool);
  return spool;
};

t.test('a header says what it was given, and a turned bit anywhere is found out', (t) => {
  const content = octets(10);
  for (const header of [
    { job: 0, number: 1, length: 0, sha256: sha256(content) },
    { job: Number.MAX_SAFE_INTEGER, number: Number.MAX_SAFE_INTEGER, length: maxEntryBytes, sha256: sha256(content) },
  ]) {
    const written = writeHeader(header);
    t.equal(written.length, headerBytes);
    t.strictSame(readHeader(written), header);
    for (let bit = 0; bit < headerBytes * 8; bit += 1) {
      const turned = Buffer.from(written);
      turned.writeUInt8(turned.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      if (readHeader(turned) !== undefined) t.fail(`bit ${bit}`);
    }
  }
  t.end();
});

t.test('documents that arrive together share a segment and come back as they were', async (t) => {
  const { spool, directory } = await openSpool(t);
  const documents = await receiveAll(spool, 200);
  t.equal((await filesBelow(directory)).length, 1);
  let bytes = 0;
  for (const [job, document] of documents.entries()) {
    t.match(document, { length: 1_000 + 37 * job, file: /^segment\.[0-9a-f]{16}@\d+$/ });
    if (!(await gather(spool.read('sales', document))).equals(contentOf(job))) t.fail(`job ${job}`);
    bytes += document.length;
  }
  t.equal(new Set(documents.map(({ file }) => file)).size, 200);
  t.match(spool.usage(), { bytes, documents: 200 });
});

t.test('size decides: what is larger than an entry may be has a file of its own', async (t) => {
  const { spool } = await openSpool(t);
  for (const [size, chunk] of [
    [0, 1],
    [maxEntryBytes, maxEntryBytes],
    [maxEntryBytes, 1_000],
    [maxEntryBytes + 1, maxEntryBytes + 1],
    [maxEntryBytes + 1, 1_000],
    [MiB, 65_536],
  ] as const) {
    const content = octets(size);
    const document = await spool.receive(key, chunked(content, chunk));
    t.match(document.file, size <= maxEntryBytes ? /^segment\..*@/ : /^7\.1\./, `${size} by ${chunk}`);
    t.ok((await gather(spool.read('sales', document))).equals(content), `${size} by ${chunk}`);
    t.equal(await spool.verify('sales', document), 'intact');
  }
});

t.test('an abort while it is written gives the entry up', async (t) => {
  const { spool, directory } = await openSpool(t);
  const reason = new Error('enough');
  let kept = 0;
  for (let turns = 0; turns < 30; turns += 1) {
    const stop = new AbortController();
    const receiving = spool
      .receive(key, chunked(octets(10), 5), { signal: stop.signal })
      .catch((error: unknown) => error);
    for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    stop.abort(reason);
    if ((await receiving) !== reason) kept += 1;
  }
  t.match(spool.usage(), { bytes: kept * 10, documents: kept });
  await spool.openEpoch('sales', 2);
  t.equal((await segmentsIn(directory)).length, kept > 0 ? 1 : 0);
});

t.test('a segment goes with its last document, once it is complete', async (t) => {
  const { spool, directory } = await openSpool(t);
  const documents = await receiveAll(spool, 10);
  for (const document of documents.slice(1)) await spool.remove('sales', document);
  t.equal((await segmentsIn(directory)).length, 1);
  await spool.openEpoch('sales', 2);
  t.equal((await segmentsIn(directory)).length, 1, 'one document is left');
  t.equal(await spool.verify('sales', documents[0]!), 'intact');
  await spool.remove('sales', documents[0]!);
  await spool.remove('sales', documents[0]!);
  t.strictSame(await segmentsIn(directory), []);
  t.equal(await spool.verify('sales', documents[0]!), 'missing');
  t.match(spool.usage(), { bytes: 0, documents: 0 });
  t.strictSame(await openDescriptors(directory), [epochOf(directory, 2)]);
});

t.test('a segment in use that holds nothing any more is given up for a new one', async (t) => {
  const { spool, directory } = await openSpool(t);
  const first = await Promise.all(Array.from({ length: 20 }, (_, job) => receive(spool, job, octets(60_000))));
  const [before] = await segmentsIn(directory);
  for (const document of first) await spool.remove('sales', document);
  await receive(spool, 30);
  const after = await segmentsIn(directory);
  t.equal(after.length, 1);
  t.not(after[0], before);
});

t.test('a full segment is followed by another', async (t) => {
  const { spool, directory } = await openSpool(t);
  const content = octets(maxEntryBytes);
  for (let left = 1_080; left > 0; left -= 40)
    await Promise.all(Array.from({ length: 40 }, (_, job) => receive(spool, job, content)));
  const segments = await segmentsIn(directory);
  t.equal(segments.length, 2);
  for (const name of segments) t.ok((await stat(path.join(epochOf(directory), name))).size < 69 * MiB);
});

t.test('a segment that was cut off anywhere holds what lies before the cut, and the next life goes on', async (t) => {
  const { spool, directory } = await openSpool(t);
  const documents = [];
  for (let job = 0; job < 3; job += 1) documents.push(await receive(spool, job, octets(20 + job)));
  const segment = segmentOf(directory, documents[0]!);
  const whole = await readFile(segment);
  const ends = documents.map(({ file, length }) => Number(file.split('@')[1]) + headerBytes + length);
  const copy = path.join(directory, 'copy');
  for (let cut = 0; cut <= whole.length; cut += 1) {
    await copyFile(segment, copy);
    await truncate(copy, cut);
    const found: number[] = [];
    const entries = segmentEntries(copy);
    let step = await entries.next();
    for (; step.done !== true; step = await entries.next()) found.push(step.value.job);
    t.equal(step.value, false, `cut at ${cut}: no damage`);
    const complete = ends.filter((end) => end <= cut).length;
    if (!(found.length === complete || found.length === complete + 1)) t.fail(`cut at ${cut}: ${found.join()}`);
    await truncate(segment, cut);
    for (const [job, document] of documents.entries()) {
      const verdict = await spool.verify('sales', document);
      if (verdict !== (job < complete ? 'intact' : 'damaged')) t.fail(`cut at ${cut}: job ${job} is ${verdict}`);
    }
    await writeFile(segment, whole);
  }
  await truncate(segment, ends[1]! + 3);
  const second = await restart(t, directory);
  t.match(second.usage(), { documents: 2 });
  t.strictSame(await sweep(second, documents.slice(0, 1)), nothing);
  t.match(second.usage(), { documents: 1, bytes: 20 });
});

t.test('after a restart, segments that no record names are deleted, others go with their last document', async (t) => {
  const first = await openSpool(t);
  const documents = await receiveAll(first.spool, 10);
  await first.spool.close();
  const other = await restart(t, first.directory);
  await receiveAll(other, 5);
  await other.close();
  t.equal((await segmentsIn(first.directory)).length, 2);
  const spool = await restart(t, first.directory);
  t.match(spool.usage(), { documents: 15 }, 'until the sweep has asked all count');
  const asked: number[] = [];
  t.strictSame(await sweep(spool, documents.slice(3, 5), asked), { ...nothing, segments: 1 });
  t.equal(asked.length, 15, 'each entry is asked for');
  t.match(spool.usage(), { documents: 2, bytes: documents[3]!.length + documents[4]!.length });
  t.ok((await gather(spool.read('sales', documents[4]!))).equals(contentOf(4)));
  await spool.remove('sales', documents[3]!);
  t.equal((await segmentsIn(first.directory)).length, 1);
  await spool.remove('sales', documents[4]!);
  t.strictSame(await segmentsIn(first.directory), []);
  t.match(spool.usage(), { documents: 0, bytes: 0 });
  t.strictSame(await sweep(spool, []), { ...nothing, directories: 1 });
});

t.test('a segment that an upload still writes to is left alone', async (t) => {
  const { spool, directory } = await openSpool(t);
  let release: () => void = () => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  async function* slow(): AsyncGenerator<Uint8Array> {
    yield octets(5);
    await held;
  }
  await receive(spool, 1);
  const receiving = spool.receive({ ...key, job: 2 }, slow());
  t.strictSame(await sweep(spool, []), nothing);
  release();
  const late = await receiving;
  t.equal(await spool.verify('sales', late), 'intact');
  t.strictSame(await sweep(spool, []), { ...nothing, segments: 1, directories: 1 });
  t.strictSame(await filesBelow(directory), []);
});

t.test('a damaged segment stays while a record names anything in it, then it goes to quarantine', async (t) => {
  const { spool, directory } = await openSpool(t);
  const documents = await receiveAll(spool, 10);
  await spool.close();
  const segment = segmentOf(directory, documents[0]!);
  const whole = await readFile(segment);
  const [, at] = documents[4]!.file.split('@').map(Number);
  whole.fill('x', at, at! + headerBytes);
  await writeFile(segment, whole);
  const second = await restart(t, directory);
  t.strictSame(await sweep(second, documents.slice(8, 9)), nothing, 'what lies behind the damage is found');
  t.equal(await second.verify('sales', documents[8]!), 'intact');
  t.equal(await second.verify('sales', documents[4]!), 'intact', 'a header is not needed to read');
  await second.close();
  const third = await restart(t, directory);
  t.strictSame(await sweep(third, []), { ...nothing, segments: 1, quarantined: 1, directories: 1 });
  const [left] = await readdir(path.join(directory, 'quarantine'));
  t.match(left, /^\d+\.sales\.1\.segment\.[0-9a-f]{16}$/);
  t.match(third.usage(), { documents: 0, bytes: 0 });
});

t.test('zeros that a power cut left at the end are no damage', async (t) => {
  const { spool, directory } = await openSpool(t);
  const document = await receive(spool, 1);
  await writeFile(segmentOf(directory, document), Buffer.alloc(200_000), { flag: 'a' });
  await spool.close();
  t.strictSame(await sweep(await restart(t, directory), []), { ...nothing, segments: 1, directories: 1 });
  t.strictSame(await filesBelow(directory), []);
});

t.test('a document that looks like a segment inside claims nothing', async (t) => {
  const { spool, directory } = await openSpool(t);
  const forged = writeHeader({ job: 5, number: 1, length: 60_000, sha256: sha256(octets(3)) });
  await receive(spool, 1, Buffer.concat([forged, forged]));
  await receive(spool, 2);
  await spool.close();
  const asked: number[] = [];
  await sweep(await restart(t, directory), [], asked);
  t.strictSame(asked, [1, 2]);
});

t.test('a damaged document is found out, and copied aside', async (t) => {
  const clock = new FakeClock();
  const { spool, directory } = await openSpool(t, { clock });
  const [, document, neighbour] = await receiveAll(spool, 3);
  const segment = segmentOf(directory, document!);
  const whole = await readFile(segment);
  const start = Number(document!.file.split('@')[1]) + headerBytes;
  whole.writeUInt8(whole.readUInt8(start + 5) ^ 1, start + 5);
  await writeFile(segment, whole);
  t.equal(await spool.verify('sales', document!), 'damaged');
  t.equal(await spool.verify('sales', neighbour!), 'intact');
  await t.rejects(gather(spool.read('sales', document!)), { code: 'document-damaged' });
  t.ok(await spool.quarantine('sales', document!));
  t.notOk(await spool.quarantine('sales', document!));
  const [name = ''] = await readdir(path.join(directory, 'quarantine'));
  t.match(name, /^\d+\.sales\.1\.segment\.[0-9a-f]{16}@\d+$/);
  const aside = await readFile(path.join(directory, 'quarantine', name));
  t.ok(aside.equals(whole.subarray(start, start + document!.length)));
  t.match(spool.usage(), { documents: 2 });
  t.equal(await spool.verify('sales', neighbour!), 'intact');
  await clock.advance(3_600_000);
  t.match(await sweep(spool, [neighbour!]), { expired: 1, segments: 0 });
});
