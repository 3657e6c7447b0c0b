import t, { type Test } from 'tap';
import type { EventCode } from '../../lib/model/event.js';
import type { TakeoverRecord } from '../../lib/model/takeover.js';
import { keys } from '../../lib/store/keys.js';
import { ClusterLab } from '../support/cluster-lab.js';
import { FakeClock } from '../support/fake-clock.js';
import { MemoryStore } from '../support/memory-store.js';

/** Nodes a and b; a owns `sales`. */
const trial = async (t: Test) => {
  const clock = new FakeClock();
  const store = new MemoryStore();
  const lab = new ClusterLab({ store, clock });
  const news: string[] = [];
  const noting = (node: string) => ({
    note: (code: EventCode, { text }: { text: string }) => void news.push(`${node} ${code} ${text}`),
  });
  const [a, b] = [lab.node('a', { news: noting('a') }), lab.node('b', { news: noting('b') })];
  for (const { node } of [a, b]) node.start();
  t.teardown(async () => {
    for (const one of [a, b]) {
      await one.node.stop(AbortSignal.abort());
      one.clock.kill();
    }
  });
  await lab.group('sales', { preferredOwners: ['a', 'b'] });
  const owns = async (one: typeof a): Promise<void> => {
    await clock.advanceUntil(() => one.resources.up.get('sales/spooler')?.holds() === true, { stepMs: 20 });
    await clock.advance(100);
  };
  await owns(a);
  const records = async (): Promise<TakeoverRecord[]> =>
    (await store.range(keys.history('sales'), { order: 'descending' })).entries.map(
      ({ value }) => value as unknown as TakeoverRecord,
    );
  return { records, clock, store, lab, a, b, news, owns };
};

t.test('a takeover is on record with its reason and the moment of every stage', async (t) => {
  const { clock, a, b, news, owns, records } = await trial(t);
  const killed = clock.wall();
  a.clock.kill();
  await owns(b);
  const [record, first, ...others] = await records();
  t.same(others, []);
  t.match(first, { epoch: 1, node: 'a', how: 'claimed', because: /never owned and I am first/ });
  t.equal(first?.from, undefined);
  t.match(record, {
    version: 1,
    epoch: 2,
    node: 'b',
    from: 'a',
    how: 'claimed',
    because: "a's incarnation is fenced and I am first of those alive",
  });
  const { silentSince = 0, fenced, claimed = 0, addressUp = 0, accepting = 0 } = record?.stages ?? {};
  t.equal(fenced?.by, 'b');
  const at = fenced?.at ?? 0;
  t.ok(Math.abs(killed - silentSince) <= 400, 'the last sign of life');
  t.ok(at - silentSince >= 2_600 && at - silentSince < 2_800, 'the silence');
  t.ok(at <= claimed && claimed <= addressUp && addressUp <= accepting);
  t.equal(record?.stages.firstByte, undefined);
  t.ok(news.some((line) => /^b node-fenced a: a was silent for 2\.\ds$/.test(line)));
  t.ok(news.some((line) => line.startsWith('b owner-changed claimed from a by b at epoch 2')));

  await clock.advance(70);
  b.node.takeovers.firstByte('sales', 1);
  b.node.takeovers.firstByte('sales', 2);
  const firstByte = clock.wall();
  await clock.advance(70);
  b.node.takeovers.firstByte('sales', 2);
  await clock.advance(100);
  t.equal((await records())[0]?.stages.firstByte, firstByte, 'written once');
});

t.test('a move says that it was asked for, and what comes online later is no takeover', async (t) => {
  const { clock, lab, b, news, owns, records } = await trial(t);
  await lab.group('sales', { preferredOwners: ['a', 'b'], move: { to: 'b', epoch: 1 } });
  await owns(b);
  const [record] = await records();
  t.match(record, { epoch: 2, node: 'b', from: 'a', how: 'moved', because: 'asked to move to b' });
  t.same(Object.keys(record?.stages ?? {}), ['claimed', 'addressUp', 'accepting']);
  await lab.group('sales', { resources: [{ name: 'spooler', kind: 'print-spooler', wanted: 'offline' }] });
  await clock.advanceUntil(() => !b.resources.up.has('sales/spooler'));
  await lab.group('sales');
  await owns(b);
  t.same((await records())[0], record);
  b.resources.broken.add('sales/spooler');
  await lab.group('sales', { resources: [{ name: 'spooler', kind: 'print-spooler', wanted: 'offline' }] });
  await clock.advanceUntil(() => !b.resources.up.has('sales/spooler'));
  await lab.group('sales');
  await clock.advanceUntil(() => news.includes('b resource-failed spooler failed: broken'));
});

t.test('the last 100 changes of a group are kept', async (t) => {
  const { store, lab, b, owns, records } = await trial(t);
  for (let epoch = 2; epoch <= 150; epoch += 1)
    store.commit([], [{ put: keys.takeover('sales', epoch), value: { version: 1, epoch } }]);
  const owner = await lab.owner('sales');
  await lab.group('sales', { possibleOwners: ['b'] });
  await lab.put(keys.owner('sales'), { ...owner, epoch: 150, released: true });
  await owns(b);
  const { entries } = await store.range(keys.history('sales'));
  t.equal(entries.at(-1)?.key, keys.takeover('sales', 151));
  t.equal(entries[0]?.key, keys.takeover('sales', 52));
  t.equal((await records()).length, 100);
});
