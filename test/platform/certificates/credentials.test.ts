// A node's certificate files: which are refused at the start, how new ones are taken while it runs, and when operators are told that they end.

import { chmod, copyFile, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import t from 'tap';
import { Credentials } from '../../../lib/platform/certificates/credentials.js';
import { endingText } from '../../../lib/platform/certificates/ending.js';
import { systemClock } from '../../../lib/platform/clock.js';
import { silentLog } from '../../../lib/platform/log.js';
import { testAuthority, testNode } from '../../support/certificates.js';
import { FakeClock } from '../../support/fake-clock.js';
import { temporaryDirectory } from '../../support/temporary.js';

const dayMs = 86_400_000;

t.test('files that do not fit are refused by name, with the reason', async (t) => {
  const authority = await testAuthority(t);
  const [other, foreign] = [await authority.give('b'), await (await testAuthority(t)).give('a')];
  const files = await authority.give('a');
  const folder = await temporaryDirectory(t);
  const open = path.join(folder, 'open.key');
  await copyFile(files.key, open);
  await chmod(open, 0o604);
  const empty = path.join(folder, 'empty');
  await writeFile(empty, '', { mode: 0o600 });
  const cases: [object, RegExp][] = [
    [{ certificate: path.join(folder, 'none.crt') }, /none\.crt is not there$/],
    [{ certificate: empty }, /empty holds no certificate$/],
    [{ certificate: other.certificate, key: other.key }, /node\.crt is of node b, and this node is a$/],
    [{ certificate: files.ca, key: authority.keyFile }, /ca\.crt names no node/],
    [{ certificate: foreign.certificate, key: foreign.key }, /is not from the authority in/],
    [{ key: other.key }, /node\.key does not belong to the certificate/],
    [{ key: open }, /open\.key can be read by everybody: set its mode to 600$/],
    [{ key: empty }, /empty holds no private key$/],
    [{ crl: empty }, /empty holds no revocation list of CN=Platen cluster/],
    [{ crl: foreign.crl }, /crl\.pem is a revocation list of another authority/],
  ];
  for (const [change, message] of cases) {
    const parts = { files: { ...files, ...change }, node: 'a', clock: systemClock, log: silentLog };
    await t.rejects(Credentials.open(parts), { code: 'certificate-unusable', message }, String(message));
  }
});

t.test('new files are used as soon as they are seen, and those before until they fit together', async (t) => {
  const authority = await testAuthority(t);
  const clock = new FakeClock(Date.now());
  const files = await authority.give('a');
  const { credentials, news } = await testNode(t, 'a', files, { clock });
  news.length = 0;
  let changes = 0;
  credentials.onChange(() => (changes += 1));
  const before = credentials.material;
  const key = await readFile(files.key, 'utf8');
  await authority.give('a');
  const newKey = await readFile(files.key, 'utf8');

  await writeFile(files.key, key);
  await credentials.look();
  t.equal(credentials.material, before, 'half of them came: nothing is said');
  t.same(news, []);
  await credentials.look();
  await credentials.look();
  t.match(news, [/^certificates-unusable: .*node\.key does not belong to the certificate/], 'it is said once');

  await writeFile(files.key, newKey);
  await credentials.look();
  t.not(credentials.material, before);
  t.match(news[1], /^certificates-loaded: valid until \d{4}-/);
  t.equal(changes, 1);
  await credentials.look();
  t.equal(changes, 1, 'the same files again are no news');
});

t.test('it looks by itself every few seconds', async (t) => {
  const authority = await testAuthority(t);
  const clock = new FakeClock(Date.now());
  const { credentials } = await testNode(t, 'a', await authority.give('a'), { clock });
  const before = credentials.material;
  await authority.give('a');
  await clock.advanceUntil(() => credentials.material !== before, { stepMs: 100, limitMs: 20_000, realMs: 5 });
  t.not(credentials.material, before);
});

t.test('operators are told daily, from 30 days before the end', async (t) => {
  const authority = await testAuthority(t);
  const clock = new FakeClock(Date.now());
  const { credentials, news } = await testNode(t, 'a', await authority.give('a', { days: 40 }), { clock });
  const looks = async (days: number): Promise<number> => {
    const before = news.length;
    for (let day = 0; day < days * 4; day += 1) {
      clock.wallStart += dayMs / 4;
      await credentials.look();
      await clock.advance(0);
    }
    return news.length - before;
  };
  t.equal(await looks(9), 0, 'more than 30 days are left');
  t.equal(await looks(2), 1);
  t.match(news[0], /^certificate-ending: the certificate of a ends in 29 days, on \d{4}-\d\d-\d\d$/);
  await authority.give('a', { days: 400 });
  await credentials.look();
  t.match(news.at(-1), /^certificates-loaded/);
  t.equal(await looks(30), 0);
});

t.test('an end in words', async (t) => {
  const ends = Date.UTC(2027, 0, 31, 12);
  t.equal(endingText(ends, ends - 31 * dayMs), undefined);
  t.equal(endingText(ends, ends - 30 * dayMs), 'ends in 30 days, on 2027-01-31');
  t.equal(endingText(ends, ends - dayMs), 'ends in 1 day, on 2027-01-31');
  t.equal(endingText(ends, ends - 1), 'ends today or tomorrow, 2027-01-31');
  t.equal(endingText(ends, ends + 1), 'has ended on 2027-01-31');
});
