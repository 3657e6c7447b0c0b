// Looking after real members: history that goes, a quota that is reached and left.

import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { silentLog } from '../../../lib/platform/log.js';
import { openEtcdStore } from '../../../lib/store/etcd/etcd-store.js';
import type { MaintenancePlan } from '../../../lib/store/etcd/maintenance-plan.js';
import { EtcdMaintenance } from '../../../lib/store/etcd/maintenance.js';
import type { Store } from '../../../lib/store/store.js';
import { skipWithoutEtcd, startEtcd } from '../../support/etcd.js';
import { FakeClock } from '../../support/fake-clock.js';

const quotaBytes = 8 << 20;
const value = 'x'.repeat(100 * 1_024);

/** Overwrites a few keys until etcd refuses; the number of writes. */
const fill = async (store: Store): Promise<number> => {
  for (let i = 0; i < 1_000; i += 1) {
    const result = await store.txn([], [{ put: `/full/${i % 5}`, value }]);
    if (result.outcome === 'committed') continue;
    if (!('cause' in result) || !String(result.cause).includes('space exceeded')) throw new Error(result.outcome);
    return i;
  }
  throw new Error('the quota is not reached');
};

for (const count of [1, 3])
  t.test(`a quota that was reached is left again: ${count} member(s)`, skipWithoutEtcd, async (t) => {
    const cluster = await startEtcd(t, { members: count, quotaBytes });
    const store = openEtcdStore({ endpoints: cluster.endpoints, tryMs: 2_000, callMs: 4_000 });
    t.teardown(() => store.close());
    const plans: MaintenancePlan[] = [];
    const maintenance = new EtcdMaintenance({
      endpoints: cluster.endpoints,
      quotaBytes,
      isMine: () => true,
      clock: new FakeClock(),
      log: silentLog,
      onPlan: (plan) => plans.push(plan),
    });
    t.teardown(() => maintenance.stop());
    const writes = await fill(store);
    t.ok(writes > 20, `${writes} writes`);
    t.ok(await store.get('/full/1'), 'reading goes on');
    for (let looks = 0; looks < 30; looks += 1) {
      const leading = new URL((await cluster.roles()).leader.endpoint).host;
      const plan = await maintenance.look();
      const defragmented = plan?.actions.find(({ kind }) => kind === 'defragment');
      if (count > 1 && defragmented !== undefined) t.not('endpoint' in defragmented && defragmented.endpoint, leading);
      if (plan?.actions.some(({ kind }) => kind === 'disarm')) break;
      await delay(100);
    }
    t.ok(plans[0]?.refuseNewJobs, 'new jobs are refused at first');
    const done = new Set(plans.flatMap(({ actions }) => actions.map(({ kind }) => kind)));
    for (const kind of ['compact', 'defragment', 'disarm'] as const) t.ok(done.has(kind), kind);
    t.equal((await store.txn([], [{ put: '/on', value }])).outcome, 'committed', 'writing goes on');
    const after = await maintenance.look();
    t.strictSame([after?.actions, after?.refuseNewJobs], [[], false]);
  });

t.test('history older than five minutes goes; the loop looks every minute and ends', skipWithoutEtcd, async (t) => {
  const cluster = await startEtcd(t, { members: 1 });
  const store = openEtcdStore({ endpoints: cluster.endpoints });
  t.teardown(() => store.close());
  const clock = new FakeClock();
  let looks = 0;
  const maintenance = new EtcdMaintenance({
    endpoints: cluster.endpoints,
    quotaBytes,
    isMine: () => true,
    clock,
    log: silentLog,
    onPlan: () => {
      looks += 1;
    },
  });
  const revisions: number[] = [];
  maintenance.start();
  for (let minute = 0; minute < 8; minute += 1) {
    await clock.advanceUntil(() => looks > minute, { stepMs: 60_000, realMs: 20 });
    const result = await store.txn([], [{ put: '/k', value: minute }]);
    if (result.outcome === 'committed') revisions.push(result.revision);
  }
  await maintenance.stop();
  const stop = new AbortController();
  const past = (async () => {
    for await (const _ of store.watch('/k', revisions[0] ?? 0, stop.signal)) t.fail('it is no longer kept');
  })();
  await t.rejects(past, { code: 'store-compacted' });
  for await (const [event] of store.watch('/k', revisions[5] ?? 0, stop.signal)) {
    t.match(event, { kind: 'put', entry: { value: 5 } });
    stop.abort();
  }
});

t.test('members that do not answer are not touched', async (t) => {
  const maintenance = new EtcdMaintenance({
    endpoints: ['http://127.0.0.1:1'],
    quotaBytes,
    isMine: () => true,
    clock: new FakeClock(),
    log: silentLog,
    onPlan: () => t.fail('there is no plan'),
  });
  t.equal(await maintenance.look(), undefined);
  await maintenance.stop();
});
