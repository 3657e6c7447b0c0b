import t from 'tap';
import { ClaimedNames } from '../../lib/cluster/known-names.js';
import { keys } from '../../lib/store/keys.js';
import { MemoryStore } from '../support/memory-store.js';

t.test('a name is known for as long as its group has it', async (t) => {
  const store = new MemoryStore();
  const names = new ClaimedNames(store);
  const key = keys.networkName('sales');
  t.equal(await names.has('sales', 'sales'), false, 'nobody claims it');
  await names.remember('sales', 'sales');
  t.equal(await store.get(key), undefined, 'a claim that was given up does not come back');
  await store.txn([], [{ put: key, value: { version: 1, group: 'sales', more: 'of a newer build' } }]);
  t.equal(await names.has('sales', 'sales'), false);
  await names.remember('stock', 'sales');
  t.equal(await names.has('stock', 'sales'), false, 'it is not of that group');
  await names.remember('sales', 'sales');
  t.equal(await names.has('sales', 'sales'), true);
  t.match(await store.get(key), { value: { version: 1, group: 'sales', more: 'of a newer build', probed: true } });
  const before = (await store.get(key))?.revision;
  await names.remember('sales', 'sales');
  t.equal((await store.get(key))?.revision, before, 'it is not written twice');
  await names.forget('sales', 'sales');
  t.equal(await names.has('sales', 'sales'), false);
});
