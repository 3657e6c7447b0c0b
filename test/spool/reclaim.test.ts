import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import t from 'tap';
import type { DocumentCopy } from '../../lib/model/document.js';
import type { ReclaimRequest } from '../../lib/spool/reclaim.js';
import { FakeClock } from '../support/fake-clock.js';
import { chunked, filesBelow, gather, key, octets, openSpool, sha256, walk } from '../support/spool.js';

const hour = 3_600_000;
const random = (digit: string): string => digit.repeat(16);

const listed = (file: string, content: Buffer, epoch = 1): DocumentCopy => ({
  epoch,
  file,
  length: content.byteLength,
  sha256: sha256(content),
});

const request = (documents: readonly DocumentCopy[], changes: Partial<ReclaimRequest> = {}): ReclaimRequest => ({
  group: 'sales',
  currentEpoch: 3,
  findDocument: async (_job, { file }) => documents.find((document) => document.file === file),
  keepOrphansMs: hour,
  signal: new AbortController().signal,
  ...changes,
});

const nothing = { deleted: 0, adopted: 0, quarantined: 0, segments: 0, notUnderstood: 0, directories: 0, expired: 0 };

t.test('each kind of leftover gets what it deserves', async (t) => {
  const content = octets(1_000);
  const name = `5.1.${random('a')}`;
  const cases: {
    name: string;
    file: string;
    record?: DocumentCopy;
    counts: object;
    /** Where it is afterwards: below the epoch's directory, or in quarantine. */
    stays?: string;
    quarantined?: RegExp;
  }[] = [
    { name: 'a document with a record stays', file: name, record: listed(name, content), counts: {}, stays: name },
    {
      name: 'a document without one goes to quarantine',
      file: name,
      counts: { quarantined: 1, directories: 1 },
      quarantined: /^\d+\.sales\.1\.5\.1\.a{16}$/,
    },
    {
      name: 'a temporary file without a record is deleted',
      file: `${name}.part`,
      counts: { deleted: 1, directories: 1 },
    },
    {
      name: 'a temporary file with a record is adopted when it is whole',
      file: `${name}.part`,
      record: listed(name, content),
      counts: { adopted: 1 },
      stays: name,
    },
    {
      name: 'a temporary file with a record goes to quarantine when it is not',
      file: `${name}.part`,
      record: listed(name, octets(1_001)),
      counts: { quarantined: 1, directories: 1 },
      quarantined: /^\d+\.sales\.1\.5\.1\.a{16}\.part$/,
    },
    ...[
      'notes.txt',
      '.hidden',
      '5.1',
      `05.1.${random('a')}`,
      `5.1.${random('A')}`,
      `5.1.${random('a')}.part.part`,
      `x5.1.${random('a')}`,
      `5.1.${random('a')}\n`,
    ].map((file) => ({
      name: `the name ${JSON.stringify(file)} is not understood`,
      file,
      counts: { notUnderstood: 1, directories: 1 },
      quarantined: /^\d+\.unknown\.[0-9a-f]{16}$/,
    })),
  ];
  for (const { name, file, record, counts, stays, quarantined } of cases) {
    const { spool, directory } = await openSpool(t);
    const epoch = path.join(directory, 'documents', 'sales', '1');
    await writeFile(path.join(epoch, file), content, { mode: 0o600 });
    const asked: [number, string][] = [];
    const answer = await spool.reclaim(
      request(record === undefined ? [] : [record], {
        findDocument: async (job, { file }) => {
          asked.push([job, file]);
          return record;
        },
      }),
    );
    t.strictSame(answer, { ...nothing, ...counts }, name);
    if (!('notUnderstood' in counts))
      t.strictSame(asked, [[5, `5.1.${random('a')}`]], `${name}: asked by its final name`);
    const left = await filesBelow(directory);
    t.equal(left.length, stays === undefined && quarantined === undefined ? 0 : 1, name);
    if (stays !== undefined) t.strictSame(left, [path.join('documents', 'sales', '1', stays)], name);
    if (quarantined !== undefined) t.match(path.relative('quarantine', left[0] ?? ''), quarantined, name);
    if (left[0] !== undefined)
      t.ok((await readFile(path.join(directory, left[0]))).equals(content), `${name}: content`);
  }
});

t.test('links and directories are moved aside, what they point to is left alone', async (t) => {
  const { spool, directory } = await openSpool(t);
  const outside = path.join(directory, 'precious');
  await mkdir(outside);
  await writeFile(path.join(outside, 'file'), 'precious');
  const group = path.join(directory, 'documents', 'sales');
  await symlink(path.join(outside, 'file'), path.join(group, '1', `5.1.${random('b')}`));
  await symlink(outside, path.join(group, '2'));
  await mkdir(path.join(group, '1', `6.1.${random('c')}`));
  await writeFile(path.join(group, '1', `6.1.${random('c')}`, 'inside'), 'kept');
  await writeFile(path.join(group, 'stray'), 'kept');
  await mkdir(path.join(group, '007'));
  t.strictSame(await spool.reclaim(request([])), { ...nothing, notUnderstood: 5, directories: 1 });
  t.equal(await readFile(path.join(outside, 'file'), 'utf8'), 'precious');
  const left = await walk(path.join(directory, 'quarantine'));
  t.equal(left.filter(({ name }) => !name.includes('/')).length, 5);
  t.ok(left.some(({ name }) => name.endsWith('/inside')));
});

t.test('the current epoch, later ones and other groups are left alone', async (t) => {
  const { spool, directory } = await openSpool(t);
  for (const [group, epoch] of [
    ['sales', 3],
    ['sales', 4],
    ['other', 1],
  ] as const) {
    await spool.openEpoch(group, epoch);
    await spool.receive({ group, epoch, job: 1, number: 1 }, chunked(octets(10), 10));
    const part = path.join(directory, 'documents', group, String(epoch), `9.1.${random('d')}.part`);
    await writeFile(part, 'being written');
  }
  const before = await filesBelow(directory);
  t.strictSame(await spool.reclaim(request([])), { ...nothing, directories: 1 });
  t.strictSame(await filesBelow(directory), before);
});

t.test('orphans leave quarantine after their time, what is not understood never does', async (t) => {
  const clock = new FakeClock();
  const { spool, directory } = await openSpool(t, { clock });
  const orphan = await spool.receive(key, chunked(octets(70_000), 10_000));
  await writeFile(path.join(directory, 'documents', 'sales', '1', 'strange'), 'x');
  await writeFile(path.join(directory, 'quarantine', 'note from the operator'), 'x');
  t.match(await spool.reclaim(request([])), { quarantined: 1, notUnderstood: 1, expired: 0 });
  t.match(spool.usage(), { bytes: 0, documents: 0 });
  await clock.advance(hour - 1);
  t.match(await spool.reclaim(request([])), { expired: 0 });
  await clock.advance(1);
  t.match(await spool.reclaim(request([])), { expired: 1 });
  t.equal((await filesBelow(path.join(directory, 'quarantine'))).length, 2);
  t.equal(await spool.verify('sales', orphan), 'missing');
});

t.test('a sweep stops between two files when it is told to', async (t) => {
  const { spool, directory } = await openSpool(t);
  for (let job = 0; job < 10; job += 1)
    await writeFile(path.join(directory, 'documents', 'sales', '1', `${job}.1.${random('e')}.part`), 'x');
  const stop = new AbortController();
  const counts = await spool.reclaim(
    request([], {
      signal: stop.signal,
      findDocument: async () => {
        stop.abort();
        return undefined;
      },
    }),
  );
  t.strictSame(counts, { ...nothing, deleted: 1 });
  t.equal((await filesBelow(directory)).length, 9);
});

t.test('a sweep whose question fails deletes nothing', async (t) => {
  const { spool, directory } = await openSpool(t);
  await writeFile(path.join(directory, 'documents', 'sales', '1', `1.1.${random('f')}.part`), 'x');
  const unreachable = new Error('the store does not answer');
  await t.rejects(spool.reclaim(request([], { findDocument: () => Promise.reject(unreachable) })), unreachable);
  t.equal((await filesBelow(directory)).length, 1);
});

t.test('opening a spool deletes nothing, however strange', async (t) => {
  const first = await openSpool(t);
  const epoch = path.join(first.directory, 'documents', 'sales', '1');
  await writeFile(path.join(epoch, `1.1.${random('0')}.part`), 'half');
  await writeFile(path.join(epoch, 'x'), 'x');
  const document = await first.spool.receive(key, chunked(octets(10), 10));
  const before = await walk(first.directory);
  const { spool } = await openSpool(t, { directory: first.directory });
  t.strictSame(await walk(first.directory), before);
  t.ok((await gather(spool.read('sales', document))).equals(octets(10)));
});

t.test('a group that was never here is nothing to do', async (t) => {
  const { spool } = await openSpool(t);
  t.strictSame(await spool.reclaim(request([], { group: 'never' })), nothing);
});
