// A cluster whose nodes and members of etcd speak with certificates (F37): it prints, takes over and moves as any other; certificates change under
// load without a failed job, and a node that is revoked is out at once.

import { setTimeout as pause } from 'node:timers/promises';
import t from 'tap';
import { testAuthority } from '../support/certificates.js';
import { groupName } from '../support/cluster/cluster.js';
import { breachesOf, timesOf } from '../support/cluster/judge.js';
import { loadRun } from '../support/cluster/load-run.js';
import { killed } from '../support/cluster/scenarios.js';
import { takeoverRun } from '../support/cluster/takeover-run.js';
import { ownHost, skipWithoutEtcd } from '../support/etcd.js';
import type { Cluster } from '../support/cluster/cluster.js';

/** Resolves when every one of these nodes has said so often that its files are in use. */
const taken = async ({ nodes }: Cluster, names: readonly string[], times: number): Promise<void> => {
  const said = ({ output }: Cluster['nodes'][number]): number => output.split('certificates-loaded').length - 1;
  for (const node of nodes.filter(({ name }) => names.includes(name))) while (said(node) < times) await pause(50);
};

t.test('both processes of the owner killed: another node goes on, as in plain text', skipWithoutEtcd, async (t) => {
  const result = await takeoverRun(t, {
    seed: 'tls-kill',
    run: 1,
    pages: 200,
    waiting: 20,
    changes: [1, 1],
    fault: killed('both'),
    authority: await testAuthority(t),
  });
  t.strictSame(breachesOf(result), []);
  t.comment(JSON.stringify(timesOf(result)));
});

t.test(
  'certificates of all are changed under load, and those before revoked: no job fails',
  skipWithoutEtcd,
  async (t) => {
    const authority = await testAuthority(t);
    const names = ['a', 'b', 'c'];
    let owners: string[] = [];
    const result = await loadRun(t, {
      seed: 'tls-rotate',
      run: 1,
      changes: [1, 1],
      authority,
      act: async (cluster) => {
        for (const name of ['m0', 'm1', 'm2', ...names]) await authority.give(name, { addresses: [ownHost] });
        await taken(cluster, names, 1);
        for (const name of ['m0', 'm1', 'm2', ...names]) await authority.revoke(name, { old: true, now: Date.now() });
        await taken(cluster, names, 2);
        const before = (await cluster.owner())?.node ?? '';
        const to = names.find((name) => name !== before) ?? '';
        await cluster.operate('group', 'move', groupName, '--to', to);
        owners = [before, to, (await cluster.owning()).name];
        return [];
      },
    });
    t.strictSame(breachesOf(result), []);
    t.strictSame(result.clientErrors, []);
    t.equal(owners[2], owners[1], `moved from ${owners[0]}`);
  },
);
