import { chmod, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import t from 'tap';
import { ensureToken, readToken, tokenCheck, tokenFile } from '../../lib/platform/token.js';

t.test('the first call makes a token of 256 bits that only its owner can read; later calls find it', async (t) => {
  const directory = t.testdir();
  const token = await ensureToken(directory);
  t.equal(Buffer.from(token, 'base64url').length, 32);
  t.equal((await stat(tokenFile(directory))).mode & 0o777, 0o600);
  t.equal(await ensureToken(directory), token);
  t.equal(await readToken(tokenFile(directory)), token);
  t.equal((await readFile(tokenFile(directory), 'utf8')).trim(), token);
});

t.test('a token is made once; what a kill left of a first try is gone', async (t) => {
  const directory = t.testdir({ 'token.part': 'half' });
  const token = await ensureToken(directory);
  t.equal(await ensureToken(directory), token);
  t.same(await readdir(directory), ['token']);
});

t.test('two directories have two tokens', async (t) => {
  t.not(await ensureToken(t.testdir({ a: {} })), await ensureToken(path.join(t.testdirName, 'a')));
});

t.test('a file that cannot be trusted is refused and left as it is', async (t) => {
  const cases: readonly [string, (file: string) => Promise<void>, RegExp][] = [
    ['readable by others', async (file) => chmod(file, 0o640), /mode/],
    ['no token in it', async (file) => writeFile(file, 'secret\n'), /holds no token/],
    ['empty', async (file) => writeFile(file, ''), /holds no token/],
  ];
  for (const [name, spoil, reason] of cases) {
    const directory = t.testdir();
    await ensureToken(directory);
    const file = tokenFile(directory);
    await spoil(file);
    const before = await readFile(file, 'utf8');
    await t.rejects(ensureToken(directory), reason, name);
    t.equal(await readFile(file, 'utf8'), before, name);
  }
});

t.test('a symbolic link in place of the token is refused', async (t) => {
  const directory = t.testdir({ elsewhere: 'x' });
  await symlink(path.join(directory, 'elsewhere'), tokenFile(directory));
  await t.rejects(ensureToken(directory), { code: 'ELOOP' });
});

t.test('only the token itself is right', async (t) => {
  const isRight = tokenCheck('abc');
  t.equal(isRight('abc'), true);
  for (const wrong of ['', 'ab', 'abcd', 'ABC', 'abc ', 'x'.repeat(10_000)])
    t.equal(isRight(wrong), false, wrong.slice(0, 9));
});
