// Mutual TLS with a real member (R92): certificates of the cluster's own authority, and what a stranger gets.

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import t from 'tap';
import { openEtcdStore, type EtcdStoreOptions } from '../../../lib/store/etcd/etcd-store.js';
import { ownHost, startEtcd, until } from '../../support/etcd.js';
import { run, skipWithout } from '../../support/peers.js';
import { temporaryDirectory } from '../../support/temporary.js';

t.test('certificates on both sides', skipWithout('etcd', 'openssl'), async (t) => {
  const folder = await temporaryDirectory(t);
  const openssl = async (...args: string[]): Promise<void> => {
    const { status, stderr } = await run('openssl', args, { cwd: folder });
    if (status !== 0) throw new Error(stderr);
  };
  const authority = async (name: string): Promise<void> => {
    const subject = ['-subj', `/CN=${name}`, '-days', '2', '-addext', 'basicConstraints=critical,CA:TRUE'];
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', `${name}.key`];
    await openssl('req', '-x509', ...key, ...subject, '-out', `${name}.crt`);
  };
  const certificate = async (name: string, by: string): Promise<void> => {
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', `${name}.key`];
    const extensions = [`subjectAltName=IP:${ownHost}`, 'extendedKeyUsage=serverAuth,clientAuth'];
    const subject = ['-subj', `/CN=${name}`, '-days', '2', ...extensions.flatMap((each) => ['-addext', each])];
    await openssl('req', '-x509', ...key, ...subject, '-CA', `${by}.crt`, '-CAkey', `${by}.key`, '-out', `${name}.crt`);
  };
  const pem = (name: string): Promise<string> => readFile(path.join(folder, name), 'utf8');
  await authority('ours');
  await authority('foreign');
  for (const [name, by] of [
    ['member', 'ours'],
    ['node', 'ours'],
    ['stranger', 'foreign'],
  ] as const)
    await certificate(name, by);
  const at = (name: string): string => path.join(folder, name);
  const args = ['--cert-file', at('member.crt'), '--key-file', at('member.key'), '--trusted-ca-file', at('ours.crt')];
  const tls = { ca: await pem('ours.crt'), cert: await pem('node.crt'), key: await pem('node.key') };
  const cluster = await startEtcd(t, { members: 1, client: { args: [...args, '--client-cert-auth'] } });
  const open = (options: Omit<EtcdStoreOptions, 'endpoints'>) => {
    const store = openEtcdStore({ endpoints: cluster.endpoints, ...options });
    t.teardown(() => store.close());
    return store;
  };

  const store = open({ tls, tryMs: 2_000, callMs: 2_000 });
  await until(
    async () => (await store.get('/k').catch(() => 'nothing')) === undefined,
    () => cluster.members.map(({ output }) => output).join(''),
  );
  t.equal((await store.txn([], [{ put: '/k', value: 1 }])).outcome, 'committed');
  t.equal((await store.get('/k'))?.value, 1);
  const stop = new AbortController();
  for await (const batch of store.watch('/k', 1, stop.signal)) {
    t.equal(batch.length, 1);
    stop.abort();
  }

  const stranger = { ca: tls.ca, cert: await pem('stranger.crt'), key: await pem('stranger.key') };
  const wrong: [string, EtcdStoreOptions['tls']][] = [
    ['without a certificate', { ca: tls.ca }],
    ['with a certificate of another authority', stranger],
    ['to a member that another authority must vouch for', { ...tls, ca: await pem('foreign.crt') }],
  ];
  for (const [name, wrongTls = {}] of wrong) {
    const refused = open({ tls: wrongTls });
    await t.rejects(refused.get('/k'), { code: 'store-unreachable' }, name);
    const result = await refused.txn([], [{ put: '/k', value: 2 }]).catch(() => undefined);
    t.not(result?.outcome, 'committed', name);
  }
  t.equal((await store.get('/k'))?.value, 1);
});
