import { stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import t from 'tap';
import { NodeMemory } from '../../lib/cluster/node-memory.js';
import { SoleOwnership } from '../../lib/cluster/sole-ownership.js';
import { silentLog } from '../../lib/platform/log.js';
import { openEmbeddedStore } from '../../lib/store/embedded/embedded-store.js';
import { keys } from '../../lib/store/keys.js';
import type { Store } from '../../lib/store/store.js';

const openStore = async (t: { teardown(action: () => Promise<void>): unknown }, directory: string): Promise<Store> => {
  const store = await openEmbeddedStore({ directory, log: silentLog });
  t.teardown(() => store.close());
  return store;
};

const life = async (store: Store, state: string, incarnation: string, isLost = () => false): Promise<SoleOwnership> =>
  new SoleOwnership({ store, node: 'a', incarnation, memory: await NodeMemory.open(state), isLost });

t.test('each life claims the next epoch, and holds until it is lost', async (t) => {
  const state = t.testdir();
  const store = await openStore(t, path.join(state, 'store'));
  const first = await (await life(store, state, '1')).claim('print');
  t.match(first, { group: 'print', epoch: 1, node: 'a' });
  let lost = false;
  const second = await life(store, state, '2', () => lost);
  const tenure = await second.claim('print');
  t.equal(tenure.epoch, 2);
  t.equal(tenure.revision, (await store.get(keys.owner('print')))?.revision);
  t.ok(tenure.holds());
  lost = true;
  t.notOk(tenure.holds());
});

t.test('of two that claim at once one wins', async (t) => {
  const state = t.testdir();
  const store = await openStore(t, path.join(state, 'store'));
  const lives = await Promise.all(['1', '2'].map((incarnation) => life(store, state, incarnation)));
  const results = await Promise.allSettled(lives.map((one) => one.claim('print')));
  t.equal(results.filter(({ status }) => status === 'fulfilled').length, 1);
  t.match(
    results.find(({ status }) => status === 'rejected'),
    { reason: { code: 'not-owner' } },
  );
});

t.test('a store that is older than what the node has seen is refused, and says what to do', async (t) => {
  const state = t.testdir();
  const store = await openStore(t, path.join(state, 'store'));
  await (await life(store, state, '1')).claim('print');
  await (await life(store, state, '2')).claim('print');
  const older = await openStore(t, path.join(state, 'older'));
  await t.rejects((await life(older, state, '3')).claim('print'), { code: 'store-restored', message: /node\.json/ });
  t.equal(await older.get(keys.owner('print')), undefined, 'nothing was written to it');
  t.equal((await stat(path.join(state, 'node.json'))).mode & 0o777, 0o600);
});

t.test('what another node handed over from an older store is refused, and the memory stays', async (t) => {
  const state = t.testdir();
  const memory = await NodeMemory.open(state);
  await memory.remember('print', 10);
  await t.rejects(memory.remember('print', 7), { code: 'store-restored' });
  t.throws(() => memory.check('print', 9), { code: 'store-restored' });
  await memory.remember('print', 11);
});

t.test('a memory that cannot be read stops the node rather than be forgotten', async (t) => {
  const state = t.testdir();
  await writeFile(path.join(state, 'node.json'), '{"version":1,"epo');
  await t.rejects(NodeMemory.open(state), SyntaxError);
});
