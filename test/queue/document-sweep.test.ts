// What a node gives back of the documents that lie on it, for groups that others own: planted files, real spools, a real store.

import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Test } from 'tap';
import t from 'tap';
import { PlatenError } from '../../lib/errors.js';
import { silentLog } from '../../lib/platform/log.js';
import { DocumentSweep, type DocumentSweepParts } from '../../lib/queue/document-sweep.js';
import type { NeedQuestion } from '../../lib/spool/peers/routes.js';
import { openEmbeddedStore } from '../../lib/store/embedded/embedded-store.js';
import { keys } from '../../lib/store/keys.js';
import type { Json } from '../../lib/store/store.js';
import { FakeClock } from '../support/fake-clock.js';
import { chunked, filesBelow, octets, openSpool, sha256 } from '../support/spool.js';
import { temporaryDirectory } from '../support/temporary.js';

const content = octets(1_000);
const name = (job: number, digit = 'a'): string => `${job}.1.${digit.repeat(16)}`;

const start = async (t: Test, changes: Partial<DocumentSweepParts> = {}) => {
  const store = await openEmbeddedStore({ directory: await temporaryDirectory(t), log: silentLog });
  t.teardown(() => store.close());
  const { spool, directory } = await openSpool(t);
  await spool.openEpoch('sales', 5);
  const asked: NeedQuestion[] = [];
  const events: string[] = [];
  const needed = new Map<number, boolean | undefined>();
  const sweep = new DocumentSweep({
    node: 'b',
    store,
    spool,
    isNeeded: async (owner, question) => {
      t.equal(owner, 'a');
      asked.push(question);
      return needed.get(question.job);
    },
    checkEpoch: () => undefined,
    keepOrphansMs: 3_600_000,
    clock: new FakeClock(),
    log: silentLog,
    events: { note: (code) => events.push(code) },
    ...changes,
  });
  await store.txn([], [{ put: keys.owner('sales'), value: { version: 1, node: 'a', incarnation: 'x', epoch: 5 } }]);
  const record = (key: string, id: number, holder: string, more: object = {}): Promise<unknown> => {
    const document = {
      number: 1,
      format: 'x',
      epoch: 5,
      length: 1_000,
      sha256: sha256(content),
      holders: { b: holder },
    };
    const job = { version: 1, id, documents: [document], ...more };
    return store.txn([], [{ put: key, value: job as unknown as Json }]);
  };
  const plant = async (epoch: number, file: string): Promise<void> => {
    const below = path.join(directory, 'documents', 'sales', String(epoch));
    await mkdir(below, { recursive: true });
    await writeFile(path.join(below, file), content, { mode: 0o600 });
  };
  const left = async (): Promise<string[]> => filesBelow(path.join(directory, 'documents', 'sales'));
  const quarantined = (): Promise<string[]> => readdir(path.join(directory, 'quarantine'));
  return { store, spool, sweep, asked, events, needed, record, plant, left, quarantined, directory };
};

t.test('of an epoch that is over, what no record lists goes without anybody being asked', async (t) => {
  const { sweep, record, plant, left, quarantined, asked, events } = await start(t);
  await plant(4, name(1));
  await plant(4, `${name(2)}.part`);
  await plant(4, name(3));
  await plant(4, name(4));
  await plant(4, name(5));
  await record(keys.job('sales', 3), 3, `4/${name(3)}`);
  await record(keys.doneJob('sales', 4), 4, `4/${name(4)}`, { documentsKept: true });
  await record(keys.doneJob('sales', 5), 5, `4/${name(5)}`, { documentsKept: false });
  await sweep.sweep();
  t.same(await left(), [`4/${name(3)}`, `4/${name(4)}`]);
  t.same((await quarantined()).map((file) => file.replace(/^\d+\./, '')).toSorted(), [
    `sales.4.${name(1)}`,
    `sales.4.${name(5)}`,
  ]);
  t.same(asked, []);
  t.same(events, ['spool-quarantined']);
});

t.test('a copy that the record lists under another epoch or node is nobody’s here', async (t) => {
  const { sweep, record, plant, left } = await start(t);
  await plant(4, name(1));
  await record(keys.job('sales', 1), 1, name(1));
  await sweep.sweep();
  t.same(await left(), [], 'the record means the copy in epoch 5');
});

t.test('of the present epoch, only what the owner gave up goes', async (t) => {
  const { sweep, record, plant, left, needed, asked } = await start(t);
  for (const job of [1, 2, 3, 4]) await plant(5, name(job));
  await plant(5, `${name(6)}.part`);
  await plant(5, `${name(7)}.part`);
  await record(keys.job('sales', 1), 1, name(1));
  needed.set(2, true).set(3, false).set(4, undefined).set(6, false).set(7, true);
  await sweep.sweep();
  t.same(await left(), [`5/${name(1)}`, `5/${name(2)}`, `5/${name(4)}`, `5/${name(7)}.part`]);
  t.same(
    asked.map(({ job }) => job).toSorted((a, b) => a - b),
    [2, 3, 4, 6, 7],
  );
  t.match(asked[0], { group: 'sales', epoch: 5, node: 'b', copy: { epoch: 5 } });
});

t.test('later epochs, groups that nobody owns and a store that is too old are left alone', async (t) => {
  const { sweep, plant, left, store, directory } = await start(t, {
    checkEpoch: (_group, epoch) => {
      if (epoch < 5) throw new PlatenError('store-restored');
    },
  });
  await plant(6, name(1));
  await mkdir(path.join(directory, 'documents', 'other', '1'), { recursive: true });
  await writeFile(path.join(directory, 'documents', 'other', '1', name(1)), '');
  await sweep.sweep();
  t.same(await left(), [`6/${name(1)}`]);
  t.equal((await readFile(path.join(directory, 'documents', 'other', '1', name(1)))).length, 0);
  await plant(3, name(2));
  await store.txn([], [{ put: keys.owner('sales'), value: { version: 1, node: 'a', incarnation: 'x', epoch: 4 } }]);
  await sweep.sweep();
  t.same(await left(), [`3/${name(2)}`, `6/${name(1)}`]);
});

t.test('entries of the segment that is written to go one by one', async (t) => {
  const { sweep, spool, record, needed } = await start(t);
  const documents = await Promise.all(
    [1, 2, 3].map((job) => spool.receive({ group: 'sales', epoch: 5, job, number: 1 }, chunked(content, 1_000))),
  );
  await record(keys.job('sales', 1), 1, documents[0]!.file);
  needed.set(2, false).set(3, true);
  await sweep.sweep();
  t.equal(spool.usage().documents, 2);
  const more = await spool.receive({ group: 'sales', epoch: 5, job: 8, number: 1 }, chunked(content, 1_000));
  t.equal(more.file.split('@')[0], documents[0]!.file.split('@')[0], 'it goes on');
  await spool.openEpoch('sales', 6);
  await sweep.sweep();
  t.equal(spool.usage().documents, 3, 'job 8 was not answered for');
});

t.test('an upload that is under way is not disturbed, though its epoch is over', async (t) => {
  const { sweep, spool, store, left } = await start(t);
  let go = (): void => {};
  const wait = new Promise<void>((resolve) => {
    go = resolve;
  });
  const receiving = spool.receive(
    { group: 'sales', epoch: 5, job: 1, number: 1 },
    (async function* () {
      yield octets(600_000);
      await wait;
      yield octets(10);
    })(),
  );
  while ((await left()).length === 0) await new Promise((resolve) => setImmediate(resolve));
  await store.txn([], [{ put: keys.owner('sales'), value: { version: 1, node: 'a', incarnation: 'x', epoch: 6 } }]);
  await sweep.sweep();
  go();
  t.equal((await receiving).length, 600_010);
  await t.rejects(spool.receive({ group: 'sales', epoch: 5, job: 2, number: 1 }, chunked(content, 10)), {
    code: 'not-owner',
  });
  await sweep.sweep();
  t.same(await left(), [], 'the next sweep finds it');
  t.notOk(spool.failed);
});

t.test('sweeps come by themselves and end when the node stops', async (t) => {
  const clock = new FakeClock();
  const { sweep, plant, quarantined } = await start(t, { clock });
  await plant(4, name(1));
  sweep.start();
  await clock.advanceUntil(() => clock.monotonic() >= 30_000, { stepMs: 10_000 });
  while ((await quarantined()).length === 0) await new Promise((resolve) => setImmediate(resolve));
  await sweep.stop();
  t.equal(clock.pending, 0);
});
