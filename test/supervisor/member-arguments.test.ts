// How the member of etcd is run. That etcd takes all of it is seen in supervise.test.ts.

import t from 'tap';
import { memberArguments } from '../../lib/supervisor/member-arguments.js';

const member = {
  program: 'etcd',
  clientUrl: 'http://127.0.0.1:2379',
  peerUrl: 'http://127.0.0.2:2380',
  initialCluster: { one: 'http://127.0.0.1:2380', two: 'http://127.0.0.2:2380' },
};

const valueOf = (args: readonly string[], flag: string): string | undefined => args[args.indexOf(flag) + 1];

t.test('a member is named as the initial cluster names it, unless it is told its name', async (t) => {
  t.equal(valueOf(memberArguments(member, '/d', true), '--name'), 'two');
  t.equal(valueOf(memberArguments({ ...member, name: 'zwei' }, '/d', true), '--name'), 'zwei');
});

t.test('it founds the cluster with the others once, and is a member of it ever after', async (t) => {
  const args = memberArguments(member, '/d', true);
  t.equal(valueOf(args, '--initial-cluster'), 'one=http://127.0.0.1:2380,two=http://127.0.0.2:2380');
  t.equal(valueOf(args, '--initial-cluster-state'), 'new');
  t.equal(valueOf(memberArguments(member, '/d', false), '--initial-cluster-state'), 'existing');
});

t.test('elections are as fast as a takeover needs them', async (t) => {
  const args = memberArguments(member, '/d', true);
  t.equal(valueOf(args, '--heartbeat-interval'), '50');
  t.equal(valueOf(args, '--election-timeout'), '250');
  t.ok(args.includes('--pre-vote'));
});
