import { lstat, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Test } from 'tap';
import t from 'tap';
import { silentLog } from '../../../lib/platform/log.js';
import { systemClock } from '../../../lib/platform/clock.js';
import { lockDirectory } from '../../../lib/platform/directory-lock.js';
import { EmbeddedStore, openEmbeddedStore } from '../../../lib/store/embedded/embedded-store.js';
import type { StoreFile } from '../../../lib/store/embedded/tables.js';
import { Tables } from '../../../lib/store/embedded/tables.js';
import type { Store } from '../../../lib/store/store.js';
import { storeContract } from '../../contracts/store.js';

const watchHistory = 100;

/** A store whose next write can be made to fail, before or after it was really made. */
const openDisturbable = async (t: Test) => {
  const directory = await mkdtemp(path.join(tmpdir(), 'platen-store-'));
  await rm(directory, { recursive: true });
  await (await openEmbeddedStore({ directory, log: silentLog })).close();
  const lock = await lockDirectory(directory, 'store');
  const tables = await Tables.open(directory, silentLog);
  const disturbance: { next?: 'made' | 'not-made' } = {};
  const file: StoreFile = {
    snapshot: () => tables.snapshot(),
    revision: (snapshot) => tables.revision(snapshot),
    get: (key, snapshot) => tables.get(key, snapshot),
    range: (range, snapshot) => tables.range(range, snapshot),
    close: () => tables.close(),
    write: async (changes, revision) => {
      const { next } = disturbance;
      if (next !== 'not-made') await tables.write(changes, revision);
      if (next !== undefined) throw new Error('the disk did not answer');
    },
  };
  const failures: unknown[] = [];
  const store: Store = new EmbeddedStore({
    tables: file,
    lock,
    log: silentLog,
    clock: systemClock,
    watchHistory,
    onFailure: (cause) => failures.push(cause),
  });
  const opened: Store[] = [store];
  t.teardown(async () => {
    for (const one of opened) await one.close();
    await rm(directory, { recursive: true });
  });
  return { store, directory, disturbance, opened, failures };
};

storeContract(t, {
  name: 'embedded',
  open: openDisturbable,
  reopen: async ({ store, directory, opened }) => {
    await store.close();
    const again = await openEmbeddedStore({ directory, log: silentLog, watchHistory });
    opened.push(again);
    return again;
  },
  secondHandle: { impossible: 'the embedded store has one handle per directory' },
  outage: async ({ store, disturbance }) => {
    disturbance.next = 'not-made';
    await store.txn([], [{ put: '/lost', value: 1 }]);
  },
  unknownOutcome: async ({ disturbance }, made) => {
    disturbance.next = made ? 'made' : 'not-made';
  },
});

t.test('the directory is made 0700 and its files 0600', async (t) => {
  const directory = path.join(t.testdir(), 'deep', 'store');
  const store = await openEmbeddedStore({ directory, log: silentLog });
  await store.txn([], [{ put: '/a', value: 1 }]);
  t.equal((await lstat(directory)).mode & 0o777, 0o700);
  for (const file of ['data.mdb', 'lock.mdb'])
    t.equal((await lstat(path.join(directory, file))).mode & 0o777, 0o600, file);
  await store.close();
});

t.test('transactions that wait while a commit fails are refused, not left hanging', async (t) => {
  const { store, disturbance } = await openDisturbable(t);
  disturbance.next = 'not-made';
  const first = store.txn([], [{ put: '/a', value: 1 }]);
  await new Promise((resolve) => setImmediate(resolve));
  await first;
  await t.rejects(store.txn([], [{ put: '/b', value: 1 }]), { code: 'store-unreachable' });
});

t.test('a long range gives way to others', async (t) => {
  const store = await openEmbeddedStore({ directory: path.join(t.testdir(), 'store'), log: silentLog });
  const value = { text: 'x'.repeat(2_000) };
  for (let block = 0; block < 20; block += 1)
    await store.txn(
      [],
      Array.from({ length: 1_000 }, (_, i) => ({ put: `/long/${block}/${i}`, value })),
    );
  let turns = 0;
  let reading = true;
  const turn = (): void => {
    turns += 1;
    if (reading) setImmediate(turn);
  };
  setImmediate(turn);
  const { entries } = await store.range('/long/', { limit: 20_000 });
  reading = false;
  t.equal(entries.length, 20_000);
  t.ok(turns >= 3, `${turns} turns of the event loop went by meanwhile`);
  await store.close();
});

t.test('a store of a newer format is refused', async (t) => {
  const directory = path.join(t.testdir(), 'store');
  await (await openEmbeddedStore({ directory, log: silentLog })).close();
  const { open } = await import('lmdb');
  const root = open<Buffer, Buffer>({ path: directory, noSubdir: false, keyEncoding: 'binary', encoding: 'binary' });
  const meta = root.openDB<Buffer, Buffer>({ name: 'meta', keyEncoding: 'binary', encoding: 'binary' });
  await meta.put(Buffer.from('format'), Buffer.from([0, 0, 0, 0, 0, 0, 0, 2]));
  await root.close();
  await t.rejects(openEmbeddedStore({ directory, log: silentLog }), {
    code: 'store-unreachable',
    message: /newer version \(store format 2; this version knows up to 1\)/,
  });
});
