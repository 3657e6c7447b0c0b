// The cluster's own authority: what it issues is read back by Node.js and by openssl, and its folder keeps what it must.

import { X509Certificate } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import t from 'tap';
import { nodeOfNames } from '../../../lib/model/node-identity.js';
import { testAuthority, type TestAuthority } from '../../support/certificates.js';
import { run, skipWithout } from '../../support/peers.js';

const dayMs = 86_400_000;

const read = async (file: string): Promise<X509Certificate> => new X509Certificate(await readFile(file));

const verify = async (authority: TestAuthority, file: string): Promise<string> => {
  const lists = ['-CAfile', authority.rootFile, '-CRLfile', authority.listFile, '-crl_check_all'];
  const { status, stderr } = await run('openssl', ['verify', '-x509_strict', ...lists, file]);
  return status === 0 ? 'OK' : stderr;
};

t.test('the root signs nodes and nothing but nodes, for ten years', async (t) => {
  const authority = await testAuthority(t);
  const root = await read(authority.rootFile);
  t.equal(root.ca, true);
  t.equal(root.publicKey.asymmetricKeyDetails?.namedCurve, 'prime256v1');
  t.ok(root.checkIssued(root) && root.verify(root.publicKey));
  t.equal(new Date(root.validTo).getUTCFullYear() - new Date(root.validFrom).getUTCFullYear(), 10);
  t.not(root.subject, (await read((await testAuthority(t)).rootFile)).subject, 'two authorities have two names');
});

t.test("a node's certificate names the node, its addresses and both ends of a connection", async (t) => {
  const authority = await testAuthority(t);
  const now = Date.now();
  const files = await authority.give('a', { addresses: ['192.0.2.1', '2001:db8::1', 'a.example'], days: 825, now });
  const certificate = await read(files.certificate);
  t.equal(nodeOfNames(certificate.subjectAltName), 'a');
  for (const address of ['192.0.2.1', '2001:db8::1', '127.0.0.1', '::1']) t.ok(certificate.checkIP(address), address);
  for (const host of ['a.example', 'localhost']) t.ok(certificate.checkHost(host), host);
  t.notOk(certificate.checkIP('192.0.2.2'));
  t.same(certificate.keyUsage, ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2'], 'server and client');
  t.equal(certificate.ca, false);
  t.ok(certificate.checkIssued(await read(authority.rootFile)));
  t.ok(Date.parse(certificate.validFrom) < now, 'clocks may differ');
  t.equal(Date.parse(certificate.validTo), Math.floor((now + 825 * dayMs) / 1_000) * 1_000);
});

t.test('no certificate outlives its root', async (t) => {
  const authority = await testAuthority(t);
  const root = await read(authority.rootFile);
  const files = await authority.give('a', { now: Date.parse(root.validTo) - dayMs, days: 825 });
  t.equal((await read(files.certificate)).validTo, root.validTo);
});

t.test('openssl takes it until it is revoked, and the one after it still then', skipWithout('openssl'), async (t) => {
  const authority = await testAuthority(t);
  const files = await authority.give('a');
  t.equal(await verify(authority, files.certificate), 'OK');
  const before = path.join(authority.directory, 'issued', `${(await authority.list())[0]?.serial}.crt`);
  await authority.give('a');
  t.equal(await verify(authority, before), 'OK', 'both are valid for a while');
  const [revoked, ...more] = await authority.revoke('a', { old: true, now: Date.now() });
  t.same(more, []);
  t.match(before, revoked?.serial);
  t.match(await verify(authority, before), /certificate revoked/);
  t.equal(await verify(authority, files.certificate), 'OK');
  await authority.revoke('a', { old: false, now: Date.now() });
  t.match(await verify(authority, files.certificate), /certificate revoked/);
  t.match(await verify(authority, before), /certificate revoked/, 'a later list holds what the one before held');
});

t.test('keys are for their owner only, and nothing is overwritten unless it is said', async (t) => {
  const authority = await testAuthority(t);
  const files = await authority.give('a', { addresses: ['192.0.2.1'] });
  for (const file of [authority.keyFile, files.key]) t.equal((await stat(file)).mode & 0o777, 0o600, file);
  const [root, key] = [await readFile(authority.keyFile), await readFile(files.key)];
  await t.rejects(authority.init(Date.now()), { code: 'certificate-unusable', message: /never replaced/ });
  const again = { node: 'a', days: 1, now: Date.now() };
  await t.rejects(authority.issue({ ...again, force: false }), { code: 'certificate-unusable', message: /--force/ });
  t.same(await readFile(authority.keyFile), root);
  t.same(await readFile(files.key), key);
  const made = await authority.issue({ ...again, force: true });
  t.notSame(await readFile(files.key), key);
  t.same(made.addresses, ['192.0.2.1'], 'a new certificate has the addresses of the one before');
});

t.test('what was revoked reaches the folders of all nodes', async (t) => {
  const authority = await testAuthority(t);
  const [a, b] = [await authority.give('a'), await authority.give('b')];
  await authority.revoke('b', { old: false, now: Date.now() });
  const list = await readFile(authority.listFile);
  for (const { crl } of [a, b]) t.same(await readFile(crl ?? ''), list);
  t.same(
    (await authority.list()).map(({ node, revokedAt }) => [node, revokedAt !== undefined]),
    [
      ['a', false],
      ['b', true],
    ],
  );
  await t.rejects(authority.revoke('c', { old: false, now: Date.now() }), /no certificate of node c/);
});

t.test('names of a certificate that try to be two nodes are of none', async (t) => {
  t.equal(nodeOfNames('URI:urn:platen:node:a, DNS:a'), 'a');
  for (const names of [
    undefined,
    'DNS:urn:platen:node:a',
    'URI:urn:platen:node:a, URI:urn:platen:node:b',
    'URI:urn:platen:node:',
    'URI:urn:platen:node:a/b',
    'DNS:"x, URI:urn:platen:node:a"',
  ])
    t.equal(nodeOfNames(names), undefined, names ?? 'none');
});
