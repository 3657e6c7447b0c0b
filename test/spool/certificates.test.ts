// Documents on several nodes whose certificates are good, bad, changed and revoked (F37): what is acknowledged is on two nodes, whatever happens.

import type { Test } from 'tap';
import t from 'tap';
import type { TestAuthority } from '../support/certificates.js';
import { testAuthority, testNode } from '../support/certificates.js';
import { chunked, key, MiB, octets } from '../support/spool.js';
import { Peers, type SpoolNode, startNode } from '../support/spool-nodes.js';

const start = async (t: Test, authorities: Readonly<Record<string, TestAuthority>>) => {
  const peers = new Peers();
  const nodes: (SpoolNode & Awaited<ReturnType<typeof testNode>>)[] = [];
  for (const [name, authority] of Object.entries(authorities)) {
    const proven = await testNode(t, name, await authority.give(name));
    const policy = { degradedAccept: 'never' } as const;
    nodes.push({ ...(await startNode(t, peers, name, { ways: proven.ways, policy })), ...proven });
  }
  const [owner] = nodes;
  if (owner === undefined) throw new Error('there is no node');
  await owner.documents.openEpoch('sales', 1);
  return { peers, nodes, owner };
};

for (const size of [1_000, 3 * MiB])
  t.test(`${size} octets, with certificates`, async (t) => {
    const authority = await testAuthority(t);
    const { owner } = await start(t, { a: authority, b: authority, c: authority });
    const document = await owner.documents.receive(key, chunked(octets(size), 100_000));
    t.same(Object.keys(document.holders).toSorted(), ['a', 'b']);
  });

t.test('a node of another authority gets nothing: the next one is used, and it is said why', async (t) => {
  const [authority, foreign] = [await testAuthority(t), await testAuthority(t)];
  const { owner, nodes } = await start(t, { a: authority, b: foreign, c: authority });
  const document = await owner.documents.receive(key, chunked(octets(10_000), 1_000));
  t.same(Object.keys(document.holders).toSorted(), ['a', 'c']);
  t.match(owner.news, [/^certificate-refused: the certificate of node b at \S+ is not from the cluster's authority$/]);
  t.ok(owner.events.includes('peer-dropped'));
  t.same(nodes[1]?.spool.usage().documents, 0);
});

t.test('another node at the address of the one that is meant gets nothing', async (t) => {
  const authority = await testAuthority(t);
  const { owner, nodes, peers } = await start(t, { a: authority, b: authority });
  peers.set({ node: 'x', address: nodes[1]!.address, state: 'alive' });
  peers.become('b', 'fenced');
  await t.rejects(owner.documents.receive(key, chunked(octets(10_000), 1_000)), { code: 'too-few-copies' });
  t.match(owner.news, [/^certificate-refused: the certificate of node x at \S+ is of another node$/]);
  t.same(owner.spool.usage().documents, 0, 'nothing is left of what was not acknowledged');
});

t.test('revoked in the middle of an upload: the copy is begun anew on another node', async (t) => {
  const authority = await testAuthority(t);
  const { owner, nodes } = await start(t, { a: authority, b: authority, c: authority });
  const content = octets(4 * MiB);
  const source = async function* (): AsyncGenerator<Uint8Array> {
    yield* chunked(content.subarray(0, 2 * MiB), 100_000);
    while ((nodes[1]?.spool.usage().bytes ?? 0) === 0 && nodes[1]?.spool.usage().complete === false)
      await new Promise((resolve) => setTimeout(resolve, 5));
    await authority.revoke('b', { old: false, now: Date.now() });
    await Promise.all(nodes.map(({ credentials }) => credentials.look()));
    yield* chunked(content.subarray(2 * MiB), 100_000);
  };
  const document = await owner.documents.receive(key, source());
  t.same(Object.keys(document.holders).toSorted(), ['a', 'c']);
});

t.test('renewed under load: no upload fails', async (t) => {
  const authority = await testAuthority(t);
  const { owner, nodes } = await start(t, { a: authority, b: authority });
  const load = { jobs: 0, isOver: false };
  const loads = Array.from({ length: 8 }, async () => {
    while (!load.isOver) {
      load.jobs += 1;
      const job = load.jobs;
      await owner.documents.receive({ ...key, job }, chunked(octets(job % 4 === 0 ? 200_000 : 10_000), 10_000));
    }
  });
  const reached = async (count: number): Promise<void> => {
    while (load.jobs < count) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  for (let round = 1; round <= 3; round += 1) {
    await reached(round * 30);
    for (const name of ['a', 'b']) await authority.give(name);
    await Promise.all(nodes.map(({ credentials }) => credentials.look()));
  }
  await reached(120);
  load.isOver = true;
  await Promise.all(loads);
  t.same(owner.events, []);
});
