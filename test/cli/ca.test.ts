// `platen ca`: without a node and without a network. What the certificates are is in test/platform/certificates.

import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import t from 'tap';
import { parseConfig } from '../../lib/config.js';
import { Credentials } from '../../lib/platform/certificates/credentials.js';
import { systemClock } from '../../lib/platform/clock.js';
import { silentLog } from '../../lib/platform/log.js';
import { runPlaten } from '../support/platen.js';
import { temporaryDirectory } from '../support/temporary.js';

t.test('from nothing to a node that can be started, by what the commands say', async (t) => {
  const dir = path.join(await temporaryDirectory(t), 'ca');
  const platen = (...args: string[]) => runPlaten(['ca', ...args, '--dir', dir]);
  const begun = await platen('init');
  t.match(begun, { code: 0, out: /ca\.key \(keep it offline[^]*Next: platen ca issue NODE/ });
  t.equal((await stat(path.join(dir, 'ca.key'))).mode & 0o777, 0o600);

  const issued = await platen('issue', 'a', '--address', '192.0.2.11', '--address', 'A.example.org', '--days', '90');
  t.match(issued, { code: 0, out: /addresses +192\.0\.2\.11 a\.example\.org\n/ });
  const folder = /^folder +(\S+)$/m.exec(issued.out)?.[1] ?? '';
  const line = /^ +(cluster: .*)$/m.exec(issued.out)?.[1] ?? '';
  const text = line.replace('tls: {', 'endpoints: ["https://192.0.2.11:2379"], address: 192.0.2.11, tls: {');
  const { cluster } = parseConfig(text.replaceAll('tls/', ''), path.join(folder, 'platen.yaml'));
  const files = cluster?.tls ?? { ca: '', certificate: '', key: '' };
  const credentials = await Credentials.open({ files, node: 'a', clock: systemClock, log: silentLog });
  credentials.close();

  t.match(await platen('issue', 'a'), { code: 1, err: /is there already: .*--force/ });
  const key = await readFile(files.key, 'utf8');
  const again = await platen('issue', 'a', '--force');
  t.match(again, { code: 0, out: /without a restart[^]*platen ca revoke a --old/ });
  t.match(again.out, /addresses +192\.0\.2\.11 a\.example\.org\n/);
  t.not(await readFile(files.key, 'utf8'), key);

  t.match(await platen('revoke', 'a', '--old'), {
    code: 0,
    out: /^1 certificate of node a revoked\.\nCopy .*crl\.pem/,
  });
  t.match(await platen('revoke', 'a', '--old'), { code: 0, out: /^0 certificates .*: none was left/ });
  t.match((await platen('list')).out, /^a +revoked [^]*^a +valid /m);
  const { certificates } = JSON.parse((await platen('list', '--json')).out) as { certificates: { node: string }[] };
  t.match(certificates, [
    { node: 'a', revokedAt: Number },
    { node: 'a', addresses: ['192.0.2.11', 'a.example.org'] },
  ]);
});

t.test('what cannot be done is said with what to do', async (t) => {
  const dir = path.join(await temporaryDirectory(t), 'ca');
  const platen = (...args: string[]) => runPlaten(['ca', ...args, '--dir', dir]);
  t.match(await platen('issue', 'a'), { code: 1, err: /ca\.crt is not there\nName the folder .*platen ca init/ });
  t.match(await platen('init'), { code: 0 });
  t.match(await platen('init'), { code: 1, err: /an authority is never replaced/ });
  t.match(await platen('list'), { code: 0, err: /no certificate yet: platen ca issue/ });
  t.match(await platen('revoke', 'a'), { code: 1, err: /holds no certificate of node a/ });
  t.match(await platen('issue', 'a/b'), { code: 2, err: /Not a node's name/ });
  t.match(await platen('issue', 'a', '--address', 'http://x'), { code: 2, err: /without a port/ });
  t.match(await platen('issue', 'a', '--days', '826'), { code: 2, err: /from 1 to 825/ });
});
