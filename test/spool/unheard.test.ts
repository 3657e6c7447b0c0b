// What nodes that hold a document know of its client: noted as it comes, told at once by the owner, asked for by the next one.

import t from 'tap';
import type { StoredDocument } from '../../lib/model/document.js';
import { UnheardLedger } from '../../lib/spool/unheard-ledger.js';
import { FakeClock } from '../support/fake-clock.js';
import { chunked, key, octets } from '../support/spool.js';
import { Peers, startNode, startStranger } from '../support/spool-nodes.js';

const job = { group: 'sales', epoch: 1, job: key.job };

const start = async (t: Parameters<typeof startNode>[0], names: readonly string[]) => {
  const peers = new Peers();
  const nodes = [];
  for (const name of names) nodes.push(await startNode(t, peers, name));
  const [owner] = nodes;
  await owner!.documents.openEpoch('sales', 1);
  const known = async (from = owner!): Promise<object> =>
    Object.fromEntries(
      [...(await from.documents.unheard.known('sales', 1, 2_000))].map(([node, jobs]) => [node, [...jobs.keys()]]),
    );
  return { peers, nodes, owner: owner!, known };
};

for (const size of [10_000, 300_000])
  t.test(`a document of ${size} octets is noted where it is, until its client has gone on`, async (t) => {
    const { owner, known, nodes } = await start(t, ['a', 'b', 'c']);
    const { holders } = await owner.documents.receive(key, chunked(octets(size), 10_000));
    owner.documents.unheard.accepted(job);
    t.same(await known(), { a: [key.job], b: [key.job], c: [] });
    t.same(await known(nodes[2]), { a: [key.job], b: [key.job], c: [] }, 'also for a node that has no copy');
    owner.documents.unheard.heard(job, Object.keys(holders));
    await owner.documents.settled();
    t.same(await known(), { a: [], b: [], c: [] });
  });

t.test('a copy that is made later is no news of a client', async (t) => {
  const { owner, known, peers } = await start(t, ['a', 'b', 'c']);
  const document = await owner.documents.receive(key, chunked(octets(10), 10));
  const stored: StoredDocument = { number: 1, format: 'text/plain', ...document };
  peers.become('b', 'fenced');
  await owner.documents.replication.replicate(key, stored, new AbortController().signal);
  t.match(await known(), { c: [] });
});

t.test('a thousand at once are told in few requests, and all of them', async (t) => {
  const { owner, known, nodes } = await start(t, ['a', 'b']);
  const ids = Array.from({ length: 2_500 }, (_, index) => index + 1);
  for (const id of ids) nodes[1]!.documents.unheard.accepted({ ...job, job: id });
  for (const id of ids) owner.documents.unheard.heard({ ...job, job: id }, ['b']);
  await owner.documents.settled();
  t.same(await known(), { a: [], b: [] });
});

t.test('a node that does not answer in time is left out', async (t) => {
  const { owner, peers } = await start(t, ['a', 'b']);
  const { address } = await startStranger(t);
  peers.set({ node: 'c', address, state: 'alive' });
  const known = await owner.documents.unheard.known('sales', 1, 100);
  t.same([...known.keys()].toSorted(), ['a', 'b']);
});

t.test('what came in half a minute ago is forgotten, and so is what is too much', async (t) => {
  const clock = new FakeClock();
  const ledger = new UnheardLedger(clock);
  ledger.arrived(job);
  await clock.advance(30_000);
  t.same([...ledger.list('sales', 1)], [[key.job, 0]]);
  t.same([...ledger.list('sales', 2)], []);
  await clock.advance(1);
  t.same([...ledger.list('sales', 1)], []);
  for (let id = 1; id <= 10_001; id += 1) ledger.arrived({ ...job, job: id });
  t.equal(ledger.list('sales', 1).size, 10_000);
  t.notOk(ledger.list('sales', 1).has(1), 'the oldest went');
});
