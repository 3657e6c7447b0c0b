// The command line with a node that has a certificate: whom it believes, and what it says when it does not.

import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import t from 'tap';
import { plainWays } from '../../lib/platform/node-ways.js';
import { clusterSecret, startAdminCluster } from '../support/admin-cluster.js';
import { testAuthority, testNode } from '../support/certificates.js';
import { runPlaten } from '../support/platen.js';

t.test('a node with a certificate', async (t) => {
  const [authority, foreign] = [await testAuthority(t), await testAuthority(t)];
  const node = async (name: string) => testNode(t, name, await authority.give(name));
  const [a, b] = [await node('a'), await node('b')];
  const ways = { a: a.ways, b: b.ways };
  const ends = a.credentials.material.ends;
  const cluster = await startAdminCluster(t, 'sales', {
    ways: (name) => ways[name as 'a' | 'b'],
    certificateEnds: ends,
  });
  const platen = (...args: string[]) => cluster.during(runPlaten(args));
  const at = ['--url', cluster.a.url, '--state', cluster.a.directory];
  t.match(cluster.a.url, /^https:/);

  const shown = await platen('cluster', 'status', ...at, '--ca', authority.rootFile);
  t.equal(shown.code, 0, shown.err);
  t.match(shown.out, /^a +alive .* 0\.1\.0 +https:/m);
  t.match(shown.out, /^b +alive .* 0\.1\.0 +https:/m, 'the other node was asked, and answered');
  t.match((await platen('status', ...at, '--ca', authority.rootFile)).out, /certificate +valid until \d{4}-/);

  const strange = await platen('status', ...at, '--ca', foreign.rootFile);
  t.match(strange, { code: 3, err: /does not answer[^]*Give the certificate of the cluster's authority with --ca/ });
  t.match(await platen('status', ...at), { code: 3, err: /with --ca/ });
  t.match(await platen('status', ...at, '--ca', '/none'), { code: 2, err: /authority cannot be read/ });
  const plain = ['--url', cluster.a.url.replace('https', 'http'), '--state', cluster.a.directory];
  t.match(await platen('status', ...plain), { code: 3, err: /with cluster\.tls the URL begins with https/ });

  const { port } = new URL(cluster.a.url);
  const configured = async (name: string): Promise<string> => {
    const file = path.join(cluster.a.directory, `${name}.yaml`);
    const tls = authority.filesOf('a');
    const endpoints = ['https://127.0.0.1:2379'];
    await writeFile(
      file,
      JSON.stringify({
        node: { name },
        admin: { port: Number(port) },
        stateDirectory: '.',
        cluster: { endpoints, tls },
      }),
    );
    return file;
  };
  const own = await platen('status', '--config', await configured('a'));
  t.equal(own.code, 0, own.err);
  t.match(await platen('status', '--config', await configured('b')), {
    code: 3,
    err: /certificate is of node a[^]*names another node/,
  });
});

t.test(
  'a request that is passed on: the secret is not enough, the certificate must be of the node that it names',
  async (t) => {
    const authority = await testAuthority(t);
    const node = async (name: string) => testNode(t, name, await authority.give(name));
    const [a, b, c] = [await node('a'), await node('b'), await node('c')];
    const ways = { a: a.ways, b: b.ways };
    const cluster = await startAdminCluster(t, 'sales', { ways: (name) => ways[name as 'a' | 'b'] });
    const ask = (from: typeof c.ways, by: string): Promise<number> =>
      cluster.during(
        new Promise((resolve, reject) => {
          const headers = { authorization: `Bearer ${clusterSecret}`, 'x-platen-forwarded-by': by };
          const sent = from.to('a').open(cluster.a.url, { path: '/api/1/nodes/self', headers });
          sent.once('response', (response) => resolve(response.resume().statusCode ?? 0));
          sent.on('error', reject);
          sent.end();
        }),
      );
    t.equal(await ask(b.ways, 'b'), 200);
    t.equal(await ask(c.ways, 'b'), 401);
    await authority.revoke('b', { old: false, now: Date.now() });
    await a.credentials.look();
    t.equal(await ask(b.ways, 'b'), 401, 'a node that was revoked is a stranger');
    t.match(a.news.at(-1), /certificate-refused: the certificate of node b at 127\.0\.0\.1 is revoked/);
    t.equal(plainWays.scheme, 'http');
  },
);
