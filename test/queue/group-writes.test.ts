import type { Test } from 'tap';
import t from 'tap';
import { PlatenError } from '../../lib/errors.js';
import { silentLog } from '../../lib/platform/log.js';
import { systemClock } from '../../lib/platform/clock.js';
import { GroupWrites } from '../../lib/queue/group-writes.js';
import { openEmbeddedStore } from '../../lib/store/embedded/embedded-store.js';
import { keys } from '../../lib/store/keys.js';
import type { Store, TxnResult } from '../../lib/store/store.js';
import { disturbed } from '../support/queue.js';
import { temporaryDirectory } from '../support/temporary.js';

const key = keys.job('print', 1);

const open = async (t: Test, disturb: () => TxnResult | undefined = () => undefined) => {
  const store: Store = await openEmbeddedStore({ directory: await temporaryDirectory(t), log: silentLog });
  t.teardown(() => store.close());
  const owner = { put: keys.owner('print'), value: { version: 1, epoch: 1 } };
  const claimed = await store.txn([], [owner]);
  if (claimed.outcome !== 'committed') throw new Error(claimed.outcome);
  const uncertain: unknown[] = [];
  let holds = true;
  const writes = new GroupWrites({
    store: disturbed(store, disturb),
    tenure: { group: 'print', epoch: 1, node: 'a', revision: claimed.revision, holds: () => holds },
    clock: systemClock,
    onUncertain: (cause) => uncertain.push(cause),
  });
  return { store, writes, uncertain, owner, lose: () => (holds = false) };
};

t.test('a write of the owner gives its revision', async (t) => {
  const { store, writes } = await open(t);
  const revision = await writes.commit([{ key, revision: 0 }], [{ put: key, value: 'x' }]);
  t.equal((await store.get(key))?.revision, revision);
});

t.test('a comparison lost while we own the group is a value', async (t) => {
  const { writes } = await open(t);
  await writes.commit([], [{ put: key, value: 'x' }]);
  t.equal(await writes.commit([{ key, revision: 0 }], [{ put: key, value: 'y' }]), undefined);
});

t.test('whoever was deposed writes nothing, though it does not know it', async (t) => {
  const { store, writes, owner } = await open(t);
  await store.txn([], [owner]);
  await t.rejects(writes.commit([], [{ put: key, value: 'x' }]), { code: 'not-owner' });
  t.equal(await store.get(key), undefined);
});

t.test('whoever knows that it is deposed does not even ask', async (t) => {
  const { writes, lose } = await open(t, () => {
    t.fail('asked the store');
    return undefined;
  });
  lose();
  await t.rejects(writes.commit([], [{ put: key, value: 'x' }]), { code: 'not-owner' });
});

t.test('an unknown outcome is an error, and the node is told', async (t) => {
  const cause = new Error('no answer');
  const { writes, uncertain } = await open(t, () => ({ outcome: 'unknown', cause }));
  await t.rejects(writes.commit([], [{ put: key, value: 'x' }]), { code: 'store-outcome-unknown', cause });
  t.same(uncertain, [cause]);
});

t.test('a store that does not answer is an error that may pass', async (t) => {
  const { writes, uncertain } = await open(t, () => {
    throw new PlatenError('store-unreachable');
  });
  await t.rejects(writes.commit([], []), { code: 'store-unreachable' });
  t.same(uncertain, []);
});
