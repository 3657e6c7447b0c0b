// Resends after a change of owner: real spoolers of several nodes that share a store, and what their spools know of clients.

import t, { type Test } from 'tap';
import { silentLog } from '../../lib/platform/log.js';
import { Hearing } from '../../lib/queue/hearing.js';
import type { JobRecord } from '../../lib/model/job.js';
import { openEmbeddedStore } from '../../lib/store/embedded/embedded-store.js';
import { jobIs } from '../support/queue.js';
import { Peers, type SpoolNode, startNode } from '../support/spool-nodes.js';
import { startTestSpooler, type TestSpooler } from '../support/spooler.js';
import { temporaryDirectory } from '../support/temporary.js';

const site = async (t: Test) => {
  const store = await openEmbeddedStore({ directory: await temporaryDirectory(t), log: silentLog });
  const peers = new Peers();
  const nodes = new Map<string, SpoolNode>();
  const epochOf = async (group: string): Promise<number> =>
    ((await store.get(`/platen/1/owners/${group}`))?.value as { epoch?: number } | undefined)?.epoch ?? 0;
  for (const name of ['a', 'b', 'c']) nodes.set(name, await startNode(t, peers, name, { server: { epochOf } }));
  t.teardown(() => store.close());
  const own = async (node: string): Promise<TestSpooler> => {
    const { spool, documents } = nodes.get(node)!;
    return startTestSpooler(t, { node, store, replicated: { spool, documents } });
  };
  const first = await own('a');
  await first.spooler.addPrinter({ name: 'lp', deviceUri: 'socket://192.0.2.1', paused: true });
  return { peers, nodes, own, first };
};

const origin = { protocol: 'lpd', address: '192.0.2.7', number: '077' } as const;

async function* content(): AsyncGenerator<Uint8Array> {
  yield Buffer.from('Dear Sir or Madam');
}

const print = async ({ spooler }: TestSpooler): Promise<{ job: JobRecord; hearing: Hearing }> => {
  const hearing = new Hearing();
  const id = await spooler.uploads.takeJobId();
  const document = await spooler.uploads.receive({ job: id, number: 1 }, content(), { format: 'text/plain' });
  const job = await spooler.uploads.submit(
    id,
    { printer: 'lp', name: 'letter', user: 'alice', origin },
    { documents: [document], open: false, sender: { hearing, since: performance.now() } },
  );
  return { job, hearing };
};

for (const next of ['b', 'c'])
  t.test(
    `a client that never heard of the dead owner is known to ${next}, ${next === 'b' ? 'a' : 'no'} holder`,
    async (t) => {
      const { first, own, peers } = await site(t);
      const { job } = await print(first);
      t.same(Object.keys(job.documents[0]!.holders), ['a', 'b']);
      await first.crash();
      peers.become('a', 'fenced');
      const after = await own(next);
      t.equal((await print(after)).job.id, job.id);
      t.match(await after.spooler.jobs.find(job.id), { resends: 1 });
      t.equal(after.spooler.resends('lp'), 1);
      t.not((await print(after)).job.id, job.id, 'once');
    },
  );

t.test('a client that had gone on prints a second job', async (t) => {
  const { first, own, peers, nodes } = await site(t);
  const { job, hearing } = await print(first);
  hearing.answered();
  hearing.goesOn();
  await nodes.get('a')!.documents.settled();
  await first.crash();
  peers.become('a', 'fenced');
  const after = await own('b');
  t.not((await print(after)).job.id, job.id);
});

t.test('one holder that was told is enough', async (t) => {
  const { first, own, nodes } = await site(t);
  const { job } = await print(first);
  nodes.get('a')!.documents.unheard.heard({ group: 'print', epoch: 1, job: job.id }, []);
  await first.crash();
  const after = await own('c');
  t.not((await print(after)).job.id, job.id, 'a was told, b was not');
});

t.test('a job that the new owner has printed meanwhile answers as well', async (t) => {
  const { first, own, peers } = await site(t);
  const { job } = await print(first);
  await first.crash();
  peers.become('a', 'fenced');
  const after = await own('b');
  await after.spooler.resumePrinter('lp');
  await jobIs(after.spooler.jobs, job.id, 'completed');
  t.equal((await print(after)).job.id, job.id);
  t.equal(after.port.deliveries.length, 1);
});

t.test('after the second change of owner nothing is known any more, nor is a resend answered twice', async (t) => {
  const { first, own, peers } = await site(t);
  const { job } = await print(first);
  await first.crash();
  peers.become('a', 'fenced');
  const second = await own('b');
  await second.crash();
  const third = await own('c');
  t.not((await print(third)).job.id, job.id);
});
