import type { Test } from 'tap';
import t from 'tap';
import { PlatenError } from '../../lib/errors.js';
import { silentLog } from '../../lib/platform/log.js';
import { type Clock, systemClock } from '../../lib/platform/clock.js';
import { GroupWrites } from '../../lib/queue/group-writes.js';
import { openEmbeddedStore } from '../../lib/store/embedded/embedded-store.js';
import { keys } from '../../lib/store/keys.js';
import type { Store, TxnResult } from '../../lib/store/store.js';
import { FakeClock } from '../support/fake-clock.js';
import { disturbed } from '../support/queue.js';
import { temporaryDirectory } from '../support/temporary.js';

const key = keys.job('print', 1);

const open = async (t: Test, disturb: () => TxnResult | undefined = () => undefined, clock: Clock = systemClock) => {
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
    clock,
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

const unknown = { outcome: 'unknown', cause: new Error('no answer') } as const;

t.test(
  'an unknown outcome is settled by the same write: it is made once, whichever of the two came first',
  async (t) => {
    const changes = [{ put: key, value: { a: 1, b: undefined } }];
    for (const [name, isWritten] of [
      ['the first was lost', false],
      ['only its answer was lost', true],
    ] as const) {
      let calls = 0;
      const { store, writes, uncertain } = await open(t, () => {
        calls += 1;
        return calls === 1 && !isWritten ? unknown : undefined;
      });
      if (isWritten) {
        const txn = store.txn.bind(store);
        let first = true;
        store.txn = async (...given) => {
          const result = await txn(...given);
          if (!first) return result;
          first = false;
          return unknown;
        };
      }
      const revision = await writes.commit([{ key, revision: 0 }], changes);
      t.equal((await store.get(key))?.revision, revision, name);
      t.equal(calls, 2, name);
      t.same(uncertain, [], name);
    }
  },
);

t.test('a comparison that somebody else made fail meanwhile is lost, not won', async (t) => {
  let calls = 0;
  const { store, writes } = await open(t, () => ((calls += 1) === 1 ? unknown : undefined));
  const committing = writes.commit([{ key, revision: 0 }], [{ put: key, value: 'mine' }]);
  await store.txn([], [{ put: key, value: 'another' }]);
  t.equal(await committing, undefined);
});

t.test('whoever is deposed while an outcome is unknown never says that nothing was written', async (t) => {
  let calls = 0;
  const { store, writes, owner, uncertain } = await open(t, () => ((calls += 1) === 1 ? unknown : undefined));
  const committing = writes.commit([{ key, revision: 0 }], [{ put: key, value: 'x' }]);
  await store.txn([], [owner]);
  await t.rejects(committing, { code: 'store-outcome-unknown' });
  t.same(uncertain, []);
});

t.test('a tenure that ends while an outcome is unknown leaves it unknown', async (t) => {
  const { writes, lose, uncertain } = await open(t, () => {
    lose();
    return unknown;
  });
  await t.rejects(writes.commit([], [{ put: key, value: 'x' }]), {
    code: 'store-outcome-unknown',
    cause: unknown.cause,
  });
  t.same(uncertain, []);
});

t.test('after its end nothing is begun, and what was under way is settled', async (t) => {
  let calls = 0;
  const { store, writes } = await open(t, () => ((calls += 1) < 3 ? unknown : undefined));
  const committing = writes.commit([{ key, revision: 0 }], [{ put: key, value: 'x' }]);
  const ending = writes.end();
  await t.rejects(writes.commit([], [{ put: key, value: 'y' }]), { code: 'not-owner' });
  await ending;
  t.equal((await store.get(key))?.revision, await committing);
});

t.test('a store that settles nothing for long is told of', async (t) => {
  let calls = 0;
  const clock = new FakeClock();
  const { writes, uncertain } = await open(
    t,
    () => {
      calls += 1;
      if (calls % 2 === 0) throw new PlatenError('store-unreachable');
      return unknown;
    },
    clock,
  );
  const committing = t.rejects(writes.commit([], [{ put: key, value: 'x' }]), { code: 'store-outcome-unknown' });
  await clock.advanceUntil(() => uncertain.length > 0, { limitMs: 11_000 });
  await committing;
  t.same(uncertain, [unknown.cause]);
});

t.test('a store that does not answer is an error that may pass', async (t) => {
  const { writes, uncertain } = await open(t, () => {
    throw new PlatenError('store-unreachable');
  });
  await t.rejects(writes.commit([], []), { code: 'store-unreachable' });
  t.same(uncertain, []);
});
