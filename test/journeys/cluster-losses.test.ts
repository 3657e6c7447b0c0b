// A machine is gone for good: what was acknowledged is printed by a node that had no copy; of two boxes and a witness one goes on alone.

import t from 'tap';
import type { JobRecord } from '../../lib/model/job.js';
import { keys } from '../../lib/store/keys.js';
import { groupName } from '../support/cluster/cluster.js';
import { breachesOf, timesOf } from '../support/cluster/judge.js';
import { interruptedAt } from '../support/cluster/interrupted.js';
import { diskGone } from '../support/cluster/scenarios.js';
import { type Faulty, submit, takeoverRun } from '../support/cluster/takeover-run.js';
import { skipWithoutEtcd } from '../support/etcd.js';

/** Nodes that hold the newest job's document. */
const holdersOfLast = async ({ cluster, ledger }: Faulty): Promise<readonly string[]> => {
  const id = ledger.at(-1)?.id ?? 0;
  const entry =
    (await cluster.store.get(keys.job(groupName, id))) ?? (await cluster.store.get(keys.doneJob(groupName, id)));
  const documents = (entry?.value as unknown as JobRecord | undefined)?.documents ?? [];
  return Object.keys(documents[0]?.holders ?? {});
};

t.test(
  'the owner and its disk gone right after an answer: a node without a copy prints',
  skipWithoutEtcd,
  async (t) => {
    const result = await takeoverRun(t, {
      seed: 'diskgone',
      run: 1,
      pages: 200,
      waiting: 5,
      changes: [1, 1],
      fault: async (faulty) => {
        const { cluster, owner, ledger } = faulty;
        await submit(cluster, ledger, { tag: 'diskgone.1.last', printer: 'single', octets: 300_000 });
        const holders = await holdersOfLast(faulty);
        t.equal(holders.length, 2, holders.join(', '));
        const without = cluster.nodes.find(({ name }) => !holders.includes(name))!;
        await cluster.operate('group', 'set', groupName, '--preferred', `${owner.name},${without.name}`);
        const fault = await diskGone(faulty);
        return {
          ...fault,
          heal: async () => void t.equal((await cluster.owning()).name, without.name, 'it had no copy'),
        };
      },
    });
    const { shown: _, ...judged } = result;
    t.strictSame(breachesOf(judged), []);
    t.comment(JSON.stringify(timesOf(result)));
  },
);

t.test('two boxes and a witness: one box dead, the other goes on accepting, marked', skipWithoutEtcd, async (t) => {
  const result = await takeoverRun(t, {
    seed: 'witness',
    run: 1,
    pages: 200,
    waiting: 5,
    witnesses: ['c'],
    changes: [1, 1],
    fault: async ({ cluster, owner }) => {
      const at = Date.now();
      const box = cluster.nodes.indexOf(owner);
      owner.signal('both', 'SIGKILL');
      await cluster.etcd.members[box]!.kill();
      return {
        at,
        kills: [interruptedAt(at)],
        heal: async () => {
          const other = await cluster.owning();
          t.not(other.name, 'c', 'a witness owns nothing');
          t.match(await other.platen('events'), { stdout: /copies-short/ });
        },
      };
    },
  });
  t.strictSame(breachesOf(result), []);
  t.comment(JSON.stringify(timesOf(result)));
});
