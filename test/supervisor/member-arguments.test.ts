// How the member of etcd is run. That etcd takes all of it is seen in supervise.test.ts.

import t from 'tap';
import { memberArguments } from '../../lib/supervisor/member-arguments.js';

const member = {
  program: 'etcd',
  clientUrl: 'http://127.0.0.1:2379',
  peerUrl: 'http://127.0.0.2:2380',
  initialCluster: { one: 'http://127.0.0.1:2380', two: 'http://127.0.0.2:2380' },
};

const placeOf = (isNew: boolean) => ({ directory: '/d', isNew, files: undefined });

const valueOf = (args: readonly string[], flag: string): string | undefined => args[args.indexOf(flag) + 1];

t.test('a member is named as the initial cluster names it, unless it is told its name', async (t) => {
  t.equal(valueOf(memberArguments(member, placeOf(true)), '--name'), 'two');
  t.equal(valueOf(memberArguments({ ...member, name: 'zwei' }, placeOf(true)), '--name'), 'zwei');
});

t.test('it founds the cluster with the others once, and is a member of it ever after', async (t) => {
  const args = memberArguments(member, placeOf(true));
  t.equal(valueOf(args, '--initial-cluster'), 'one=http://127.0.0.1:2380,two=http://127.0.0.2:2380');
  t.equal(valueOf(args, '--initial-cluster-state'), 'new');
  t.equal(valueOf(memberArguments(member, placeOf(false)), '--initial-cluster-state'), 'existing');
});

t.test('elections are as fast as a takeover needs them', async (t) => {
  const args = memberArguments(member, placeOf(true));
  t.equal(valueOf(args, '--heartbeat-interval'), '50');
  t.equal(valueOf(args, '--election-timeout'), '250');
  t.ok(args.includes('--pre-vote'));
});

t.test('https addresses ask for certificates, and refuse those that are revoked', async (t) => {
  const files = { ca: '/c/ca', certificate: '/c/crt', key: '/c/key', crl: '/c/crl' };
  const plain = memberArguments(member, { ...placeOf(true), files });
  t.notOk(plain.includes('--client-cert-auth') || plain.includes('--peer-client-cert-auth'));
  const secure = { ...member, clientUrl: 'https://127.0.0.1:2379', peerUrl: 'https://127.0.0.2:2380' };
  const args = memberArguments(secure, { ...placeOf(true), files });
  t.ok(args.includes('--client-cert-auth') && args.includes('--peer-client-cert-auth'));
  for (const prefix of ['--', '--peer-']) {
    t.equal(valueOf(args, `${prefix}cert-file`), '/c/crt');
    t.equal(valueOf(args, `${prefix}key-file`), '/c/key');
    t.equal(valueOf(args, `${prefix}trusted-ca-file`), '/c/ca');
  }
  t.equal(valueOf(args, '--client-crl-file'), '/c/crl');
  t.equal(valueOf(args, '--peer-crl-file'), '/c/crl');
  t.notOk(
    memberArguments(secure, { ...placeOf(true), files: { ...files, crl: undefined } }).some((arg) => /crl/.test(arg)),
  );
});
